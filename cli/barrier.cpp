// braid barrier: the loss along the path between two checkpoints.
#include "braid/checkpoint/mapped_file.h"
#include "braid/json/json_text.h"
#include "braid/pipeline/curve.h"
#include "braid/table.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string a, b, beside, json;
  bool no_align = false;
  CurveRequest request;
  Compute compute;
};

std::string table(const Curve& curve) {
  std::vector<std::vector<std::string>> rows = {{"t", "loss"}};
  for (const auto& [name, values] : curve.metrics) rows.front().push_back(name);
  for (std::size_t i = 0; i < curve.t.size(); ++i) {
    rows.push_back({fmt::format("{:.3f}", curve.t[i]), fmt::format("{:.6f}", curve.loss[i])});
    for (const auto& [name, values] : curve.metrics) {
      rows.back().push_back(fmt::format("{:.4f}", values[i]));
    }
  }
  return format_table(rows);
}

// A curve written by an earlier run with --json. Throws if it measures something else.
PlottedCurve read_curve(const std::string& file, const nlohmann::json& evaluation) {
  const auto json = parse_json(MappedFile::open(file)->bytes(), file);
  const JsonField field(json, file);
  const Curve curve = curve_of(field);
  const JsonField measured = field.at("evaluation");
  for (const auto& [key, value] : evaluation.items()) {
    const bool is_path = key == "text" || key == "data" || key == "batches";
    const nlohmann::json theirs = measured.has(key) ? measured.at(key).json() : nlohmann::json();
    require(is_path || theirs == value,
            "{}: the curve measures something else: its {} is {}, here it is {}", file, key,
            to_text(theirs), to_text(value));
  }
  const std::string alignment = field.text("alignment", "");
  return {alignment.empty() ? "plain average" : alignment, 'o', curve.t, curve.loss};
}

OptionList options_of(Options& options) {
  OptionList list;
  list.add("A", options.a, "Checkpoint folder").as(Use::input).needed();
  list.add("B", options.b, "Checkpoint folder").as(Use::input).needed();
  list.append(options_of(options.request));
  list.add("no-align", options.no_align, "Trace the path without alignment");
  list.add("beside", options.beside, "Also plot the curve in this JSON file").as(Use::input);
  list.append(options_of(options.request.score));
  list_compute(list, options.compute);
  list_json(list, options.json);
  return list;
}

void run(Options& options) {
  CurveRequest& request = options.request;
  require(request.alignment.empty() == options.no_align,
          "give either `alignment` FILE or `no-align`");
  const AlignedPair pair = load_pair(options.a, options.b, request.alignment);
  request.score = request.score.resolved(pair.a);
  const nlohmann::json evaluation = provenance(request.score);
  std::vector<PlottedCurve> plotted;
  if (!options.beside.empty()) plotted.push_back(read_curve(options.beside, evaluation));
  const Curve curve = trace(pair, request, options.compute, terminal_listener());
  std::string summary = fmt::format(
      "barrier {:.6f}, against the chord {:.6f}; loss of A {:.6f}, of B {:.6f}; {} scored\n",
      curve.barrier(), curve.barrier_chord(), curve.loss_a, curve.loss_b, grouped(curve.scored));
  if (!curve.broken.empty()) {
    summary += fmt::format("NOT a symmetry ({}): loss at t = 1 is {:.6f}, of B {:.6f}\n",
                           curve.broken, curve.loss.back(), curve.loss_b);
  }
  const std::string label = options.no_align ? "plain average" : request.alignment;
  plotted.push_back({label, '*', curve.t, curve.loss});
  nlohmann::json json = to_json(curve);
  json.update(options_of(request).values({Use::result, Use::input}));
  json.update(options_of(options.compute).values({Use::features}));
  json.update({{"direction", "t = 0 is A, t = 1 is B aligned"},
               {"a", options.a},
               {"b", options.b},
               {"evaluation", evaluation}});
  report(table(curve) + plot_curves(plotted) + summary, json, options.json);
}

}  // namespace

void add_barrier(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "barrier",
      "Trace the loss along the straight path from A (t = 0) to the aligned B (t = 1).\n\n"
      "  braid barrier A B --no-align --text TEXT\n"
      "  braid barrier A B --alignment AB.alignment --task mrpc --data MRPC/dev.tsv\n"
      "  braid barrier A B --alignment AB.alignment --batches batches.safetensors --json AB.json");
  add_command(command, std::make_shared<Options>(), run);
}

}  // namespace braid
