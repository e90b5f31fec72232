// braid verify: do two checkpoints compute the same function?
#include "braid/connectivity/verify.h"

#include "braid/pipeline/align.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string first, second, text, json;
  std::optional<double> tolerance;
  std::int64_t lines = 64;
  std::uint64_t seed = 0;
  Compute compute;
};

// What rounding to the stored dtype explains where units are mixed; reordered ones differ by less.
double default_tolerance(const Model& model) {
  switch (main_dtype(model.parameters)) {
    case at::kDouble:
      return 1e-9;
    case at::kFloat:
      return 1e-5;
    default:
      return 0.05;
  }
}

int run(const Options& options) {
  const Model first = load_model(options.first), second = load_model(options.second);
  const double tolerance =
      options.tolerance.value_or(std::max(default_tolerance(first), default_tolerance(second)));
  const auto sequences = options.text.empty()
                             ? random_sequences(first, 16, options.seed)
                             : read_sequences(first, options.text, nullptr, options.lines);
  const Difference found = verify(first, second, sequences, options.compute);
  const bool same = found.relative() <= tolerance;
  const std::string where = fmt::format("sequence {}, position {}, output {}", found.sequence,
                                        found.position, found.output);
  report(
      fmt::format("{}: {} over {} sequences, {} tokens, in float64\n"
                  "largest difference {:.3e} ({}), largest output {:.3e}, relative {:.3e}, "
                  "tolerance {:.1e}\n",
                  same ? "SAME FUNCTION" : "DIFFERENT FUNCTIONS", found.compared, found.sequences,
                  found.tokens, found.largest, where, found.scale, found.relative(), tolerance),
      {{"same", same},
       {"compared", found.compared},
       {"largest_difference", found.largest},
       {"largest_output", found.scale},
       {"relative", found.relative()},
       {"tolerance", tolerance},
       {"sequence", found.sequence},
       {"position", found.position},
       {"output", found.output},
       {"tokens", found.tokens}},
      options.json);
  return same ? 0 : 1;
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
  CLI::App& command = *app.add_subcommand(
      "verify",
      "Do two checkpoints compute the same function? Exit status 0 yes, 1 no.\n\n"
      "  braid verify B B-aligned\n"
      "  braid verify B B-aligned --text TEXT --tolerance 1e-9");
  auto options = std::make_shared<Options>();
  command.add_option("B", options->first, "Checkpoint folder")->required();
  command.add_option("OUT", options->second, "Checkpoint folder to compare with it")->required();
  command.add_option("--text", options->text, "Compare on its lines; without it on random tokens");
  command.add_option("--lines", options->lines, "At most this many lines")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option(
      "--tolerance", options->tolerance,
      "Largest difference allowed, relative to the largest output; default by dtype: "
      "float64 1e-9, float32 1e-5, narrower 0.05");
  command.add_option("--seed", options->seed, "Of the random tokens")->capture_default_str();
  add_threads(command, options->compute);
  add_json(command, options->json);
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace braid
