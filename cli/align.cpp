// braid align: finds the group element that moves B towards A.
#include "braid/pipeline/align.h"

#include "braid/checkpoint/output_claim.h"
#include "braid/connectivity/proved_models.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string a, b, out, json;
  AlignRequest request;
  Compute compute;
  bool overwrite = false;
};

void run(Options& options) {
  AlignRequest& request = options.request;
  OutputPlan plan{
      options.overwrite,
      {options.a, options.b, request.table, request.text, request.data, request.batches}};
  plan.inputs.insert(plan.inputs.end(), request.features.begin(), request.features.end());
  const OutputClaim output = OutputClaim::file(options.out, plan);
  request.learning_state = options.out + ".state.safetensors";
  const Model stored = load_model(options.a, request.table);
  const AlignPlan how = resolve(request, stored);
  const Model a = how.in_form(stored), b = how.load(options.b);
  const Alignment alignment = align(a, b, how, options.compute, terminal_listener());
  save_alignment(options.out, alignment);
  std::filesystem::remove(how.learning_state);
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
      "  braid align A B --table FAMILY.yaml --method weights -o AB.alignment\n"
      "  braid align A B --table FAMILY.yaml --features A.safetensors B.safetensors -o "
      "AB.alignment\n"
      "  braid align A B --task mrpc --data MRPC/train.tsv -o AB.alignment\n"
      "  braid align A B --text part1.txt --moments part1.moments -o part1.alignment\n"
      "  braid align A B --from-moments part1.moments part2.moments -o AB.alignment");
  auto options = std::make_shared<Options>();
  command.add_option("A", options->a, "Checkpoint folder; with a table any weights")->required();
  command.add_option("B", options->b, "The same, the one that moves")->required();
  command.add_option("-o,--out", options->out, "Alignment file to write")->required();
  command.add_flag("--overwrite", options->overwrite, "Replace the file to write");
  add_options(command, options_of(options->request));
  add_compute(command, options->compute);
  add_json(command, options->json);
  command.callback([options] { run(*options); });
}

}  // namespace braid
