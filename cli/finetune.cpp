// braid finetune: trains a GLUE classifier on a pretrained encoder.
#include "braid/pipeline/train_options.h"
#include "braid/table.h"
#include "braid/tasks/tasks.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  FinetuneRequest request;
  std::string checkpoint, out, json;
  Compute compute;
  bool overwrite = false;
};

TrainingLogs logs(const FinetuneRequest& request, const std::string& out) {
  TrainingLogs logs;
  logs.start = [&](const TrainingStart& start) {
    if (start.skipped) {
      log_line(
          fmt::format("{}: skipped {} rows with too few columns", request.data, start.skipped));
    }
    log_line(fmt::format("{}: {} examples, {} tokens{}", find_task(request.task).title(),
                         grouped(start.sequences), grouped(start.tokens),
                         start.dev ? fmt::format(", dev of {}", grouped(start.dev)) : ""));
    if (start.resumed) log_line(fmt::format("resuming from {}", training_state(out).string()));
  };
  logs.step = training_log();
  logs.dev = terminal_listener().scoring;
  return logs;
}

OptionList options_of(Options& options) {
  OptionList list;
  list.add("CKPT", options.checkpoint, "Checkpoint folder of the encoder").as(Use::input).needed();
  list_out(list, options.out, options.overwrite).keeping({"state"});
  list.append(options_of(options.request));
  list_compute(list, options.compute);
  list_json(list, options.json);
  return list;
}

void run(Options& options) {
  FinetuneRequest& request = options.request;
  request.checkpoint = options.checkpoint;
  request.options.compute = options.compute;
  const Finetuned tuned = finetune_folder(request, options.out, {at::kFloat, options.overwrite},
                                          logs(request, options.out));
  const TrainingPoint& last = tuned.curve.back();
  nlohmann::json json = {{"out", options.out},
                         {"task", request.task},
                         {"best_step", tuned.best_step},
                         {"loss", last.loss}};
  std::string text = fmt::format("{}: trained on {} tokens, loss {:.4f}\n", options.out,
                                 grouped(last.tokens), last.loss);
  if (const DevPoint* best = tuned.best()) {
    text += fmt::format("best on dev at step {}: {}\n", best->step, score_text(best->score));
    json["dev"] = {{"loss", best->score.loss}, {"metrics", best->score.metrics}};
  }
  report(text, json, options.json);
}

}  // namespace

void add_finetune(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "finetune",
      "Train a GLUE classifier on a pretrained encoder.\n\n"
      "  braid finetune BERT --task sst2 --data SST-2/train.tsv --dev SST-2/dev.tsv -o BERT-sst2\n"
      "  braid finetune BERT-2 --task sst2 --data SST-2/train.tsv --head-seed 0 --seed 2 -o "
      "BERT-2-sst2\n\n"
      "Encoders fine-tuned with one --head-seed start from the same classifier.\n"
      "With --dev the best epoch is kept. Repeat the command to resume a stopped run\n"
      "from OUT.state.safetensors.");
  add_command(command, std::make_shared<Options>(), run);
  for (const char* name : {"--task", "--data"}) command.get_option(name)->required();
}

}  // namespace braid
