// braid verify: do two checkpoints compute the same function?
#include "braid/connectivity/rounding.h"

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

// Of a difference that reordering units leaves, by the order of sums in float64.
constexpr double order_of_sums = 1e-9;

int run(const Options& options) {
  const Model first = load_model(options.first), second = load_model(options.second);
  const auto sequences = options.text.empty()
                             ? random_sequences(first, 16, options.seed)
                             : read_sequences(first, options.text, nullptr, options.lines);
  const auto compare = [&](Frame frame) {
    return verify(first, second, sequences, options.compute, frame);
  };
  const auto allowed = [&](const Difference& found) {
    if (options.tolerance) return *options.tolerance;
    if (found.relative() <= order_of_sums || !is_rounded_anew(first, second)) return order_of_sums;
    return std::max(order_of_sums,
                    rounding(first, second, sequences, options.compute, found.frame));
  };
  const Difference found = compare(Frame::fixed);
  const double tolerance = allowed(found);
  const bool same = found.relative() <= tolerance;
  bool reordered = false;
  if (!same && first.network->returns_stream()) {
    const Difference free = compare(Frame::free);
    reordered = free.relative() <= allowed(free);
  }
  const std::string where = fmt::format("{}, sequence {}, position {}, output {}", found.output,
                                        found.sequence, found.position, found.unit);
  report(fmt::format(
             "{}: {} over {} sequences, {} tokens, in float64\n"
             "largest difference {:.3e} ({}), largest output {:.3e}, relative {:.3e}, "
             "tolerance {:.1e}\n{}",
             same ? "SAME FUNCTION" : "DIFFERENT FUNCTIONS", found.compared, found.sequences,
             found.tokens, found.largest, where, found.scale, found.relative(), tolerance,
             reordered ? "The inner products of what they return are the same: embeddings come "
                         "in another order or basis.\n"
                       : ""),
         {{"same", same},
          {"same_in_another_order", reordered},
          {"compared", found.compared},
          {"largest_difference", found.largest},
          {"largest_output", found.scale},
          {"relative", found.relative()},
          {"tolerance", tolerance},
          {"sequence", found.sequence},
          {"position", found.position},
          {"outputs", found.output},
          {"output", found.unit},
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
      "Largest difference allowed, relative to the largest output. By default 1e-9, which is what "
      "reordering leaves; where units are mixed, what rounding stored values anew does to these "
      "models");
  command.add_option("--seed", options->seed, "Of the random tokens")->capture_default_str();
  add_threads(command, options->compute);
  add_json(command, options->json);
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace braid
