// braid transform: writes B', the model that computes what B computes, at its place nearest A.
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
    log_line(fmt::format("NOT a symmetry: {}; the written model is not B", alignment.broken));
  }
  const bool reordered = !returned_axes(b.symmetries, alignment.transform()).empty();
  const char* what = reordered ? "the same function up to the order of the units that it returns: "
                                 "embeddings come in another order, with the same inner products"
                     : b.table ? "the same function as its source, as far as its table is right"
                               : "the same function as its source";
  WriteOptions write;
  write.overwrite = options.overwrite;
  const std::string computes =
      alignment.broken.empty() ? fmt::format("It computes {}.", what)
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
             : b.table ? "; `braid verify` with the table shows what there is to show"
                       : "; `braid verify` proves that it is the same function");
}

}  // namespace

void add_transform(CLI::App& app, const std::string& command_line) {
  CLI::App& command = *app.add_subcommand(
      "transform",
      "Apply an alignment to B: B' in B's own dtype, sharding and tokenizer.\n\n"
      "  braid transform B --alignment AB.alignment -o B-aligned\n"
      "  braid transform B --table FAMILY.yaml --alignment AB.alignment -o B-aligned");
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  add_command(command, options, run);
}

}  // namespace braid
