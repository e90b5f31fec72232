// braid canonicalise: rewrites a checkpoint, without changing its function, for most symmetry.
#include "braid/checkpoint/output_claim.h"
#include "braid/connectivity/proved_models.h"
#include "braid/error.h"
#include "braid/models/model_card.h"
#include "cli/command.h"
#include "cli/options.h"

namespace braid {
namespace {

struct Options {
  std::string checkpoint, out, command_line;
  bool overwrite = false;
  Compute compute;
};

OptionList options_of(Options& options) {
  OptionList list;
  list.add("CKPT", options.checkpoint, "Checkpoint folder").as(Use::input).needed();
  list_out(list, options.out, options.overwrite);
  list_threads(list, options.compute);
  return list;
}

void run(const Options& options) {
  const OutputClaim output(options.out);
  const Model model = load_model(options.checkpoint);
  const Model canonical = canonicalise(model, options.compute).model;
  const Difference found =
      verify(model, canonical, random_sequences(model, 16, 0), options.compute);
  WriteOptions write;
  write.overwrite = options.overwrite;
  const std::string computes = fmt::format(
      "It computes the same function as its source up to rounding: {} differ by at most {:.1e} "
      "of the largest.",
      found.compared, found.relative());
  const std::string text =
      written_by(options.checkpoint + " in canonical form", options.command_line, computes);
  write.files["README.md"] = readme({text, {options.checkpoint}, "", model.sentence.has_value()});
  save_model(options.out, canonical, lazy(canonical.parameters), write);
  fmt::print("{}: {} differ from {} by at most {:.1e} of the largest\n", options.out,
             found.compared, options.checkpoint, found.relative());
  for (const auto& [name, axis] : canonical.symmetries.axes) {
    const auto before = model.symmetries.axes.find(name);
    if (before == model.symmetries.axes.end() || before->second.group == axis.group) continue;
    fmt::print("axis {}: group {}, was {}\n", name, group_name(axis.group),
               group_name(before->second.group));
  }
}

}  // namespace

void add_canonicalise(CLI::App& app, const std::string& command_line) {
  CLI::App& command = *app.add_subcommand(
      "canonicalise",
      "Rewrite a checkpoint in canonical form without changing its function: gains and biases of "
      "pre-LN norms folded into their readers, the decoder untied if that requires it, writers of "
      "the residual stream centred, value biases moved to the output bias, key biases dropped.\n\n"
      "  braid canonicalise GPT2 -o GPT2-canonical");
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  add_command(command, options, run);
}

}  // namespace braid
