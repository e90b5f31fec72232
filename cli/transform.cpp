// braid transform: applies an alignment to B and writes B', which computes the same function.
#include "braid/pipeline/transform.h"

#include "braid/checkpoint/output_claim.h"
#include "braid/connectivity/proved_models.h"
#include "braid/models/model_card.h"
#include "braid/pipeline/align.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string b, alignment, out, table, command_line;
  bool overwrite = false;
};

OptionList options_of(Options& options) {
  OptionList list;
  list.add("B", options.b, "Checkpoint folder").as(Use::input).needed();
  list.add("alignment", options.alignment, "From braid align").as(Use::input).needed();
  list_table(list, options.table);
  list_out(list, options.out, options.overwrite);
  return list;
}

void run(const Options& options) {
  const OutputClaim output(options.out);
  const Alignment alignment = load_alignment(options.alignment);
  const Model b = load_for_alignment(options.b, alignment.canonical(), options.table);
  require_made_for(alignment, b, options.alignment);
  if (!alignment.broken.empty()) {
    log_line(fmt::format("NOT a symmetry: {}; the written model is not equivalent to B",
                         alignment.broken));
  }
  const bool reordered = !returned_axes(b.symmetries, alignment.transform()).empty();
  const char* function = reordered
                             ? "the same function up to the order of its output units: embeddings "
                               "come in another order, with the same inner products"
                         : b.table ? "the same function as its source, if its table is right"
                                   : "the same function as its source";
  WriteOptions write;
  write.overwrite = options.overwrite;
  const std::string computes =
      alignment.broken.empty() ? fmt::format("It computes {}.", function)
                               : "NOT the same function as its source: " + alignment.broken + ".";
  write.files["README.md"] =
      readme({written_by(options.b + " aligned", options.command_line, computes),
              {options.b},
              "",
              b.sentence.has_value(),
              b.table != nullptr});
  save_model(options.out, b, transform(b, alignment), write);
  fmt::print("{}: {} axes of {} moved{}\n", options.out, alignment.transform().size(), options.b,
             !alignment.broken.empty() ? ""
             : reordered               ? "; its embeddings come in another order"
             : b.table ? "; `braid verify` with the table checks the tensors or your outputs"
                       : "; `braid verify` proves that it is the same function");
  if (alignment.canonical()) {
    log_line(
        "it is in canonical form, which A must be in too before interpolating: `braid "
        "canonicalise`");
  }
}

}  // namespace

void add_transform(CLI::App& app, const std::string& command_line) {
  CLI::App& command = *app.add_subcommand(
      "transform",
      "Apply an alignment to B and write B' with B's own dtype, sharding and tokenizer.\n\n"
      "  braid transform B --alignment AB.alignment -o B-aligned\n"
      "  braid transform B --table FAMILY.yaml --alignment AB.alignment -o B-aligned");
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  add_command(command, options, run);
}

}  // namespace braid
