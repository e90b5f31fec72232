// braid align: finds the group element that moves B towards A.
#include "braid/pipeline/align.h"

#include "braid/checkpoint/atomic_file.h"
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

OptionList options_of(Options& options) {
  OptionList list;
  list.add("A", options.a, "Checkpoint folder; with a table, any folder or file of weights")
      .as(Use::input)
      .needed();
  list.add("B", options.b, "Like A; the model that moves").as(Use::input).needed();
  list.add("out", options.out, "Alignment file to write")
      .needed()
      .writing(Place::new_file)
      .keeping({"state"});
  list.add("overwrite", options.overwrite, "Replace the output file if it exists").as(Use::output);
  list.append(options_of(options.request));
  list_compute(list, options.compute);
  list_json(list, options.json);
  return list;
}

void run(Options& options) {
  AlignRequest& request = options.request;
  const OutputClaim output(options.out);
  request.learning_state = state_beside(options.out, "state").string();
  const Model stored = load_model(options.a, request.table);
  const AlignPlan plan = resolve(request, stored);
  const Model a = plan.in_form(stored), b = plan.load(options.b);
  const Alignment alignment = align(a, b, plan, options.compute, terminal_listener());
  save_alignment(options.out, alignment);
  std::error_code ignored;  // the result is already written
  std::filesystem::remove(plan.learning_state, ignored);
  report(alignment_table(alignment) + fmt::format("written to {}\n", options.out),
         to_json(alignment), options.json);
}

}  // namespace

void add_align(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "align",
      "Find the symmetry that moves B towards A, by default from units that correlate on text.\n\n"
      "  braid align A B --text TEXT -o AB.alignment\n"
      "  braid align A B --text TEXT --preset paper --heads monotonic -o AB.alignment\n"
      "  braid align A B --method weights -o AB.alignment\n"
      "  braid align A B --table FAMILY.yaml --method weights -o AB.alignment\n"
      "  braid align A B --table FAMILY.yaml --features A.safetensors B.safetensors -o "
      "AB.alignment\n"
      "  braid align A B --task mrpc --data MRPC/train.tsv -o AB.alignment\n"
      "  braid align A B --text part1.txt --moments part1.moments -o part1.alignment\n"
      "  braid align A B --from-moments part1.moments part2.moments -o AB.alignment");
  add_command(command, std::make_shared<Options>(), run);
}

}  // namespace braid
