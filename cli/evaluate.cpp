// braid evaluate: the loss of one checkpoint.
#include <chrono>

#include "braid/pipeline/align_request.h"
#include "braid/pipeline/score_request.h"
#include "braid/table.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string checkpoint, json;
  ScoreRequest request;
  Compute compute;
};

OptionList options_of(Options& options) {
  OptionList list;
  list.add("CKPT", options.checkpoint, "Checkpoint folder").as(Use::input).needed();
  list.append(options_of(options.request));
  list_compute(list, options.compute);
  list_json(list, options.json);
  return list;
}

void run(const Options& options) {
  const Model model = load_model(options.checkpoint);
  const ScoreRequest request = options.request.resolved(model);
  const Examples text = request.load(model);
  const Tensors parameters = cast(model.parameters, options.compute);
  const auto start = std::chrono::steady_clock::now();
  const Score score = evaluate(*model.network, parameters, text, options.compute);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const double rate = static_cast<double>(text.tokens()) / elapsed.count();
  std::string line = fmt::format("loss {:.6f} over {} scored {}", score.loss, grouped(score.scored),
                                 request.scores_tokens() ? "tokens" : "examples");
  for (const auto& [name, value] : score.metrics) line += fmt::format(", {} {:.4f}", name, value);
  report(line + fmt::format(", {:.0f} tokens/s\n", rate),
         {{"loss", score.loss},
          {"metrics", score.metrics},
          {"scored", score.scored},
          {"tokens", text.tokens()},
          {"tokens_per_second", rate},
          {"checkpoint", options.checkpoint},
          {"evaluation", provenance(request)}},
         options.json);
}

}  // namespace

void add_evaluate(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "evaluate",
      "Measure a checkpoint: masked or next-token loss in nats, or a task's loss and metrics.\n\n"
      "  braid evaluate CKPT --task sst2 --data SST-2/dev.tsv\n"
      "  braid evaluate CKPT --task mlm --text TEXT\n"
      "  braid evaluate GPT2 --task clm --text TEXT --block 1024\n"
      "  braid evaluate CKPT --task mlm --batches batches.safetensors --json -");
  add_command(command, std::make_shared<Options>(), run);
}

}  // namespace braid
