// braid evaluate: the loss of one checkpoint.
#include "braid/connectivity/evaluate.h"

#include <chrono>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string checkpoint, json;
  EvaluateOptions evaluate;
  ComputeOptions compute;
};

void run(const Options& options) {
  const Model model = load_model(options.checkpoint);
  const MaskedText text = options.evaluate.load(model);
  const Tensors parameters = cast(model.parameters, options.compute.dtype());
  const auto start = std::chrono::steady_clock::now();
  const MaskedLoss result =
      evaluate(*model.network, parameters, text, options.compute.thread_count());
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const double rate = static_cast<double>(text.tokens) / elapsed.count();
  report(fmt::format(
             "loss {:.6f} nats over {} scored tokens, pseudo-perplexity {:.4f}, {:.0f} tokens/s\n",
             result.loss, grouped(result.scored_tokens), result.perplexity(), rate),
         {{"loss", result.loss},
          {"perplexity", result.perplexity()},
          {"scored_tokens", result.scored_tokens},
          {"tokens", text.tokens},
          {"tokens_per_second", rate},
          {"checkpoint", options.checkpoint},
          {"evaluation", options.evaluate.provenance()}},
         options.json);
}

}  // namespace

void add_evaluate(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "evaluate",
      "Measure a checkpoint's masked-language-model loss.\n\n"
      "  braid evaluate CKPT --task mlm --text TEXT\n"
      "  braid evaluate CKPT --task mlm --batches batches.safetensors --json -");
  auto options = std::make_shared<Options>();
  command.add_option("CKPT", options->checkpoint, "Checkpoint folder")->required();
  options->evaluate.add_to(command);
  options->compute.add_to(command);
  command.add_option("--json", options->json, "Write the result as JSON; - = stdout");
  command.callback([options] { run(*options); });
}

}  // namespace braid
