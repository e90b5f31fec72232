// braid barrier: the loss along the path between two checkpoints.
#include "braid/connectivity/barrier.h"

#include <spdlog/spdlog.h>

#include <fstream>

#include "braid/error.h"
#include "cli/align_models.h"
#include "cli/command.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string a, b, alignment, decoder = "tied", beside, json;
  bool no_align = false;
  std::int64_t points = 21;
  EvaluateOptions evaluate;
  ComputeOptions compute;
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

// A curve that an earlier run wrote with --json.
PlottedCurve read_curve(const std::string& file) {
  std::ifstream stream(file);
  require(stream.good(), "{}: cannot be opened", file);
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  const bool curve = json.is_object() && json.contains("t") && json.contains("loss") &&
                     json["t"].size() >= 2 && json["t"].size() == json["loss"].size();
  require(curve, "{}: is not a curve that braid barrier --json wrote", file);
  const std::string alignment = json.value("alignment", "");
  return {alignment.empty() ? "plain average" : alignment, 'o', json["t"], json["loss"]};
}

void run(const Options& options) {
  require(options.alignment.empty() == options.no_align,
          "give either --alignment FILE or --no-align");
  std::optional<Alignment> loaded;
  if (!options.no_align) loaded = load_alignment(options.alignment);
  const bool canonical = loaded && is_canonical(*loaded);
  const Model a = load_for_alignment(options.a, canonical);
  const Model b = load_for_alignment(options.b, canonical);
  require_same_architecture(a, b);
  Transform transform;
  Symmetries symmetries = b.symmetries;
  std::string broken;
  if (loaded) {
    const Alignment& alignment = *loaded;
    check_alignment(alignment, a, b, options.alignment);
    transform = alignment.transform();
    symmetries = table_of(b, alignment.ablation);
    broken = alignment.broken;
  }
  const Decoder decoder = find_decoder(options.decoder);
  if (decoder == Decoder::released) {
    broken += std::string(broken.empty() ? "" : "; ") +
              "the decoder is permuted in the wrong direction, as the authors' released code does";
  }
  const Examples text = options.evaluate.load(a);
  check_examples(b, text);
  const Path path = make_path(a, b, transform, symmetries, decoder, options.compute.dtype());
  const Curve curve = trace(path, text, options.points, options.compute.thread_count(),
                            terminal_progress("points"));
  if (broken.empty()) require_exact_end(curve, options.compute.dtype());

  std::string summary = fmt::format(
      "barrier {:.6f}, against the chord {:.6f}; loss of A {:.6f}, of B {:.6f}; {} scored\n",
      curve.barrier(), curve.barrier_chord(), curve.loss_a, curve.loss_b, grouped(curve.scored));
  if (!broken.empty()) {
    summary += fmt::format("NOT a symmetry ({}): its end has loss {:.6f}, B has {:.6f}\n", broken,
                           curve.loss.back(), curve.loss_b);
  }
  const std::string label = options.no_align ? "plain average" : options.alignment;
  std::vector<PlottedCurve> plotted;
  if (!options.beside.empty()) plotted.push_back(read_curve(options.beside));
  plotted.push_back({label, '*', curve.t, curve.loss});
  nlohmann::json json = to_json(curve);
  json.update({{"exact", broken.empty()},
               {"broken", broken},
               {"direction", "t = 0 is A, t = 1 is B aligned"},
               {"decoder", options.decoder},
               {"a", options.a},
               {"b", options.b},
               {"alignment", options.alignment},
               {"precision", options.compute.precision},
               {"evaluation", options.evaluate.provenance()}});
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
  auto options = std::make_shared<Options>();
  command.add_option("A", options->a, "Checkpoint folder")->required();
  command.add_option("B", options->b, "Checkpoint folder")->required();
  command.add_option("--alignment", options->alignment, "From braid align");
  command.add_flag("--no-align", options->no_align, "The plain path");
  command.add_option("--points", options->points, "Evenly spaced")
      ->check(CLI::Range(2, 100000))
      ->capture_default_str();
  command
      .add_option(
          "--decoder", options->decoder,
          "tied: the ordinary checkpoint. untied: exact too, the decoder a tensor of its own. "
          "released-wrong-direction: what the authors' released code evaluates, NOT B")
      ->check(CLI::IsMember({"tied", "untied", "released-wrong-direction"}))
      ->capture_default_str();
  command.add_option("--beside", options->beside, "Draw the curve of this JSON file as well");
  options->evaluate.add_to(command);
  options->compute.add_to(command);
  command.add_option("--json", options->json, "Write the curve as JSON; - = stdout");
  command.callback([options] { run(*options); });
}

}  // namespace braid
