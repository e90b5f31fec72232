// braid interpolate: a point on the straight path between two checkpoints, without alignment.
#include "braid/connectivity/interpolate.h"

#include "braid/checkpoint/output_claim.h"
#include "braid/models/model_card.h"
#include "braid/models/named_entries.h"
#include "cli/command.h"
#include "cli/options.h"

namespace braid {
namespace {

struct Options {
  std::string a, b, out, table, command_line;
  double t = 0.5;
  bool overwrite = false;
};

OptionList options_of(Options& options) {
  OptionList list;
  list.add("A", options.a, "Checkpoint folder").as(Use::input).needed();
  list.add("B", options.b, "Checkpoint folder").as(Use::input).needed();
  list.add("t", options.t, "0 = A, 1 = B").from(0).to(1);
  list_table(list, options.table);
  list_out(list, options.out, options.overwrite);
  return list;
}

void run(const Options& options) {
  const OutputClaim output(options.out);
  Model a = load_model(options.a, options.table);
  const Model b = in_order_of(a, load_model(options.b, options.table));
  a.carried = carried_by_all({a, b});
  WriteOptions write;
  write.overwrite = options.overwrite;
  const std::string text = written_by(
      "A point between two models", options.command_line,
      fmt::format("{} x the first plus {} x the second, tensor by tensor, without alignment.",
                  1 - options.t, options.t));
  write.files["README.md"] =
      readme({text, {options.a, options.b}, "merge", a.sentence.has_value(), a.table != nullptr});
  save_model(options.out, a, lazy(interpolate(a.parameters, b.parameters, options.t)), write);
  fmt::print("{}: t = {} between {} and {}\n", options.out, options.t, options.a, options.b);
}

}  // namespace

void add_interpolate(CLI::App& app, const std::string& command_line) {
  CLI::App& command =
      *app.add_subcommand("interpolate",
                          "Write (1 - t) A + t B, tensor by tensor. B is not aligned: "
                          "align and transform it first, or use merge.\n\n"
                          "  braid interpolate A B-aligned --t 0.5 -o MIDPOINT");
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  add_command(command, options, run);
}

}  // namespace braid
