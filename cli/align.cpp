// braid align: finds the group element that moves B towards A.
#include <spdlog/spdlog.h>

#include "braid/checkpoint/atomic_file.h"
#include "braid/error.h"
#include "cli/align_models.h"
#include "cli/command.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string a, b, out, json;
  AlignOptions align;
  ComputeOptions compute;
};

void run(const Options& options) {
  check_output_file(options.out);
  require_text(options.align);
  require(options.align.moments.empty() || options.align.has_text(),
          "--moments saves what --text shows; give --text FILE");
  const Model a = load_for_alignment(options.a, options.align.canonicalise);
  const Model b = load_for_alignment(options.b, options.align.canonicalise);
  AlignOptions asked = options.align;
  asked.learning_state = options.out + ".state.safetensors";
  const Alignment alignment = align_models(a, b, asked, options.compute);
  save_alignment(options.out, alignment);
  std::filesystem::remove(asked.learning_state);
  report(alignment_table(alignment) + fmt::format("written to {}\n", options.out),
         to_json(alignment), options.json);
}

}  // namespace

void add_align(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "align",
      "Find the symmetry that moves B towards A, by how its units correlate with A's on text.\n\n"
      "  braid align A B --text TEXT -o AB.alignment\n"
      "  braid align A B --text TEXT --preset paper --heads monotonic -o AB.alignment\n"
      "  braid align A B --method weights --in-head orthogonal --canonicalise -o AB.alignment\n"
      "  braid align A B --task mrpc --data MRPC/train.tsv -o AB.alignment\n"
      "  braid align A B --text part1.txt --moments part1.moments -o part1.alignment\n"
      "  braid align A B --from-moments part1.moments part2.moments -o AB.alignment");
  auto options = std::make_shared<Options>();
  command.add_option("A", options->a, "Checkpoint folder")->required();
  command.add_option("B", options->b, "Checkpoint folder, the one that moves")->required();
  command.add_option("--from-moments", options->align.from_moments, "Saved moments, added up");
  command.add_option("--moments", options->align.moments, "Save the moments here");
  command.add_option("-o,--out", options->out, "Alignment file to write")->required();
  command.add_option("--json", options->json, "Write the alignment as JSON here too; - = stdout");
  options->align.add_to(command);
  options->compute.add_to(command);
  command.callback([options] { run(*options); });
}

}  // namespace braid
