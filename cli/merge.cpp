// braid merge: merges two or more checkpoints into one.
#include "braid/pipeline/merge.h"

#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  MergeRequest request;
  Compute compute;
  std::string json;
};

OptionList options_of(Options& options) {
  OptionList list = folders_of(options.request);
  list.append(options_of(options.request));
  list_compute(list, options.compute);
  list_json(list, options.json);
  return list;
}

void run(const Options& options) {
  const Merged merged = merge(options.request, options.compute, terminal_listener());
  std::string text;
  if (merged.parents.size() == 2 && merged.parents[1].alignment) {
    text = alignment_table(*merged.parents[1].alignment) + "\n";
  }
  nlohmann::json json = to_json(merged);
  json["out"] = options.request.out;
  report(text + in_words_of_the_command_line(describe(merged)) +
             fmt::format("written to {}\n", options.request.out),
         json, options.json);
}

}  // namespace

void add_merge(CLI::App& app, const std::string& command_line) {
  CLI::App& command = *app.add_subcommand(
      "merge",
      "Merge checkpoints into one: align, transform, verify, average, measure, write.\n\n"
      "  braid merge A B --text TEXT -o MERGED\n"
      "  braid merge A B --task mrpc --data train.tsv --dev dev.tsv -o MERGED\n"
      "  braid merge A B --text TEXT --preset paper --t 0.3 -o MERGED\n"
      "  braid merge A B --alignment AB.alignment -o MERGED\n"
      "  braid merge A B --no-align --text TEXT -o AVERAGE\n"
      "  braid merge A B --table FAMILY.yaml --method weights -o MERGED\n"
      "  braid merge A B C --method weights --weights 1,1,2 --text TEXT -o MERGED\n"
      "  braid merge A B --text TEXT --dev VALID --repair least-squares --heal 300 -o MERGED\n\n"
      "Three or more models move into a common frame, each towards the mean of the others, so that "
      "none is favoured.");
  auto options = std::make_shared<Options>();
  options->request.made_by = command_line;
  add_command(command, options, run);
}

}  // namespace braid
