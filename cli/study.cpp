// braid study: runs pairs x variants x tasks from one YAML file, resumable and cached.
#include "braid/study/study.h"

#include <algorithm>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/output_claim.h"
#include "braid/error.h"
#include "braid/pipeline/align_request.h"
#include "braid/report/report.h"
#include "braid/study/run.h"
#include "braid/table.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string study, out, cache, command_line;
  std::vector<std::string> set;
  int jobs = 2;
  Compute compute;
  bool dry_run = false;
};

std::map<std::string, std::string> values(const std::vector<std::string>& set) {
  std::map<std::string, std::string> values;
  for (const std::string& pair : set) {
    const std::size_t equals = pair.find('=');
    require(equals != std::string::npos && equals > 0, "`set` {}: expected NAME=VALUE", pair);
    values[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return values;
}

void show_plan(const Study& study, const StudyFolders& folders) {
  const Cache cache(folders.cache_folder());
  const Plan plan = make_plan(study, cache);
  const std::vector<std::size_t> pending = plan.pending();
  std::vector<std::vector<std::string>> rows = {
      {"job", "label", "state", "thousand tokens", "key"}};
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    const Job& job = plan.jobs[i];
    const bool to_do = std::find(pending.begin(), pending.end(), i) != pending.end();
    rows.push_back({job.kind, job.label, to_do ? "to do" : "cached",
                    to_do ? grouped(static_cast<std::int64_t>(job.cost / 1000)) : "", job.key});
  }
  fmt::print("{}{} of {} jobs to do, {} curves\n", format_table(rows), pending.size(),
             plan.jobs.size(), plan.curves.size());
}

std::string with_error(const nlohmann::json& value) {
  std::string text = fmt::format("{:.3f}", value["mean"].get<double>());
  if (value["error"].is_number()) text += fmt::format(" +- {:.3f}", value["error"].get<double>());
  return text;
}

std::string summary_text(const nlohmann::json& results) {
  bool any_inexact = false;
  std::vector<std::vector<std::string>> rows = {
      {"task", "variant", "lines", "barrier", "midpoint", "ends", "pairs"}};
  for (const auto& row : results["summary"]) {
    const auto size = row["size"].get<std::int64_t>();
    const std::string variant = row["variant"];
    const bool exact = std::none_of(
        results["curves"].begin(), results["curves"].end(), [&](const nlohmann::json& curve) {
          return curve["variant"] == variant && !curve["exact"].get<bool>();
        });
    any_inexact |= !exact;
    rows.push_back({row["task"], variant + (exact ? "" : " (!)"), size ? grouped(size) : "",
                    with_error(row["barrier"]), with_error(row["midpoint"]),
                    with_error(row["ends"]),
                    fmt::format("{}", row["barrier"]["pairs"].get<int>())});
  }
  return format_table(rows) +
         (any_inexact ? "(!) NOT a symmetry: the path does not end in B\n" : "");
}

OptionList options_of(Options& options) {
  OptionList list;
  list.add("STUDY", options.study, "YAML file; see docs/studies.md").as(Use::input).needed();
  list.add("out", options.out, "Folder for results.json, report.html and the cache")
      .needed()
      .writing(Place::folder, {"results.json", "seconds.json", "report.html", "cache/*"});
  list.add("set", options.set, "NAME=VALUE: the value of ${NAME} in the file").plain();
  list.add("cache", options.cache, "Cache folder, which studies may share; default OUT/cache")
      .writing(Place::folder, {"*"});
  list.add("dry-run", options.dry_run, "Print the plan and compute nothing");
  list.add("jobs", options.jobs, "Jobs to run at a time").from(1);
  list_threads(list, options.compute);
  return list;
}

// The files that the study's YAML file names.
FilePlan files_of(Study study) {
  FilePlan plan;
  for (const StudyModel& model : study.models) plan.inputs.push_back(model.folder);
  if (study.pretraining) plan.add(files_of(options_of(*study.pretraining)));
  for (StudyTask& task : study.tasks) {
    plan.inputs.push_back(task.align.file);
    plan.add(files_of(options_of(task.score)));
    if (task.finetuning) plan.add(files_of(options_of(*task.finetuning)));
  }
  for (StudyVariant& variant : study.variants) {
    plan.add(files_of(options_of(variant.align)));
    plan.add(files_of(options_of(variant.curve)));
  }
  return plan;
}

void run(Options& options) {
  const Study study = read_study(options.study, values(options.set));
  FilePlan files = files_of(options_of(options));
  files.add(files_of(study));
  files.check();
  const fs::path out = options.out;
  const StudyFolders folders{out, options.cache};
  if (options.dry_run) return show_plan(study, folders);
  const OutputClaim output(out);
  const nlohmann::json results = run_study(
      study, folders, {options.compute.threads, options.jobs, study.keep_moments},
      [](const Job& job, std::size_t done, std::size_t all, double seconds) {
        log_line(fmt::format("[{}/{}] {} {} ({:.1f} s)", done, all, job.kind, job.label, seconds));
      },
      terminal_progress("thousand tokens"));
  write_file_atomically(out / "report.html",
                        report_page(read_report_input(out), options.command_line));
  clear_progress();
  fmt::print("{}written to {} and {}\n", summary_text(results), (out / "results.json").string(),
             (out / "report.html").string());
}

}  // namespace

void add_study(CLI::App& app, const std::string& command_line) {
  CLI::App& command = *app.add_subcommand(
      "study",
      "Run a study: pairs of models x variants of alignment x tasks, from one YAML file.\n\n"
      "  braid study examples/components.yaml --dry-run -o out/components\n"
      "  braid study examples/components.yaml -o out/components\n"
      "  braid study examples/glue.yaml --set glue=GLUE --set text=novels.txt -o out/glue\n\n"
      "Results are cached: stop it, kill it or change the file, and repeat the command.\n"
      "Paths in the file are relative to the working directory.");
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  add_command(command, options, run);
}

}  // namespace braid
