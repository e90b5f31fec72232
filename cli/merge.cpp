// braid merge: align, transform, verify, interpolate, measure, write: one checkpoint out of two.
#include <spdlog/spdlog.h>

#include "braid/connectivity/interpolate.h"
#include "braid/connectivity/verify.h"
#include "braid/error.h"
#include "cli/align_models.h"
#include "cli/command.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::vector<std::string> models;
  std::string alignment, dev, out, json, command_line;
  bool no_align = false, overwrite = false;
  double t = 0.5;
  std::int64_t shard_size = 0, evaluate_lines = 1000;
  AlignOptions align;
  ComputeOptions compute;
};

struct Losses {
  Score a, b, plain, merged;
};

// Everything that is known before the checkpoint is written.
struct Merged {
  Tensors parameters;
  std::optional<Alignment> alignment;
  std::optional<Difference> proof;
  std::optional<Losses> losses;
};

std::optional<Alignment> find_alignment(const Options& options, const Model& a, const Model& b) {
  if (options.no_align) return std::nullopt;
  if (options.alignment.empty()) return align_models(a, b, options.align, options.compute);
  Alignment alignment = load_alignment(options.alignment);
  check_alignment(alignment, a, b, options.alignment);
  return alignment;
}

// B' against B, on text where there is some. Error where an exact alignment turns out not to be.
Difference prove(const Model& b, const Alignment& alignment, const Options& options) {
  constexpr std::int64_t lines = 32;
  constexpr double tolerance = 1e-8;
  // In float64 from end to end: what is shown is the symmetry, not the rounding of the stored
  // dtype.
  Model aligned = b;
  aligned.parameters =
      transform_parameters(b.symmetries, cast(b.parameters, at::kDouble), alignment.transform());
  const auto sequences =
      !options.align.text_file().empty()
          ? read_sequences(b, options.align.text_file(), options.align.text_task(), lines)
          : random_sequences(b, 16, options.align.seed);
  const Difference found = verify(b, aligned, sequences, options.compute.thread_count());
  require(
      found.relative() <= tolerance,
      "the aligned B differs from B by {:.3e} of its largest output: nothing was written; please "
      "report this",
      found.relative());
  return found;
}

// What the models are measured on: --dev of a task, else what they are aligned on.
const std::string& measured_file(const Options& options) {
  return options.dev.empty() ? options.align.text_file() : options.dev;
}

Losses measure(const Model& a, const Model& b, const Tensors& merged, const Options& options) {
  EvaluateOptions evaluation;
  evaluation.text = options.align.text;
  evaluation.batches = options.align.batches;
  if (options.align.text_task()) {
    evaluation.task = options.align.task;
    evaluation.data = measured_file(options);
    evaluation.max_length = options.align.max_length;
  }
  evaluation.lines = options.evaluate_lines;
  evaluation.masking.seed = options.align.seed;
  const ScoredText text = evaluation.load(a);
  check_text(b, text);
  const Progress progress = terminal_progress("models");
  std::int64_t done = 0;
  const auto score = [&](const Tensors& parameters) {
    Score value = evaluate(*a.network, cast(parameters, options.compute.dtype()), text,
                           options.compute.thread_count());
    progress("measuring", ++done, 4);
    return value;
  };
  return {score(a.parameters), score(b.parameters),
          score(interpolate(a.parameters, b.parameters, options.t)), score(merged)};
}

std::string verdict(const Losses& losses, bool aligned) {
  const double better = std::min(losses.a.loss, losses.b.loss), merged = losses.merged.loss;
  std::string text = merged <= better
                         ? "The merged model is better than both parents on this text."
                         : fmt::format(
                               "The merged model's loss is {:.3f} above the better parent's on "
                               "this text.",
                               merged - better);
  if (aligned) {
    text += fmt::format(" Alignment {} the plain average by {:.3f}.",
                        merged <= losses.plain.loss ? "improves on" : "is worse than",
                        std::abs(losses.plain.loss - merged));
  }
  return text;
}

std::string loss_table(const Losses& losses, bool aligned) {
  std::vector<std::vector<std::string>> rows = {{"model", "loss"}};
  for (const auto& [name, value] : losses.a.metrics) rows.front().push_back(name);
  const auto add = [&](const char* model, const Score& score) {
    rows.push_back({model, fmt::format("{:.4f}", score.loss)});
    for (const auto& [name, value] : score.metrics) {
      rows.back().push_back(fmt::format("{:.4f}", value));
    }
  };
  add("A", losses.a);
  add("B", losses.b);
  add("plain average", losses.plain);
  if (aligned) add("aligned average", losses.merged);
  return format_table(rows);
}

std::string proof_text(const Merged& merged) {
  if (merged.proof) {
    return fmt::format(
        "B' is B: {} differ by at most {:.1e} (relative {:.1e}) over {} tokens, in float64",
        merged.proof->compared, merged.proof->largest, merged.proof->relative(),
        merged.proof->tokens);
  }
  return merged.alignment ? "NOT a symmetry: " + merged.alignment->broken : "no alignment";
}

std::string card(const Merged& merged, const Options& options) {
  std::string text = fmt::format(
      "---\ntags:\n- merge\n- braid\n---\n# A merged model\n\nWritten by\n\n```\n{}\n```\n\n"
      "Parents: `{}` (weight {}) and `{}` (weight {}). {}.\n",
      options.command_line, options.models[0], 1 - options.t, options.models[1], options.t,
      proof_text(merged));
  if (merged.losses) {
    text += fmt::format("\n{} on `{}` ({} scored):\n\n```\n{}```\n\n{}\n",
                        options.align.text_task() ? options.align.text_task()->title + " loss"
                                                  : "Masked-language-model loss",
                        measured_file(options), grouped(merged.losses->a.scored),
                        loss_table(*merged.losses, merged.alignment.has_value()),
                        verdict(*merged.losses, merged.alignment.has_value()));
  }
  return text;
}

nlohmann::json to_json(const Merged& merged, const Options& options) {
  nlohmann::json json = {{"a", options.models[0]},
                         {"b", options.models[1]},
                         {"t", options.t},
                         {"out", options.out},
                         {"aligned", merged.alignment.has_value()}};
  if (merged.alignment) json["options"] = merged.alignment->options;
  if (merged.proof) {
    json["proof"] = {{"largest_difference", merged.proof->largest},
                     {"relative", merged.proof->relative()},
                     {"tokens", merged.proof->tokens}};
  }
  if (merged.losses) {
    const std::pair<const char*, const Score*> scores[] = {{"a", &merged.losses->a},
                                                           {"b", &merged.losses->b},
                                                           {"plain", &merged.losses->plain},
                                                           {"merged", &merged.losses->merged}};
    for (const auto& [name, score] : scores) {
      json["loss"][name] = score->loss;
      json["metrics"][name] = score->metrics;
    }
    json["scored"] = merged.losses->a.scored;
  }
  return json;
}

void run(const Options& options) {
  require(options.models.size() == 2, "{} checkpoints were given; braid 0.1 merges exactly two",
          options.models.size());
  require(!options.no_align || options.alignment.empty(),
          "--no-align and --alignment exclude each other");
  if (!options.no_align && options.alignment.empty()) require_text(options.align);
  const Model a = load_model(options.models[0]), b = load_model(options.models[1]);
  require_same_architecture(a, b);
  Merged merged;
  merged.alignment = find_alignment(options, a, b);
  Tensors moved = b.parameters;
  if (merged.alignment) {
    moved = transform_parameters(table_of(b, merged.alignment->ablation), b.parameters,
                                 merged.alignment->transform());
    if (merged.alignment->broken.empty()) merged.proof = prove(b, *merged.alignment, options);
  }
  merged.parameters = interpolate(a.parameters, moved, options.t);
  const bool measurable = options.align.has_text() &&
                          (options.align.text_task() || a.network->has_token_head(a.parameters));
  if (measurable) merged.losses = measure(a, b, merged.parameters, options);

  WriteOptions write;
  write.overwrite = options.overwrite;
  write.files["README.md"] = card(merged, options);
  std::optional<std::int64_t> shard_size;
  if (options.shard_size > 0) shard_size = options.shard_size;
  save_model(options.out, a, merged.parameters, write, shard_size);

  std::string text = merged.alignment ? alignment_table(*merged.alignment) + "\n" : "";
  text += proof_text(merged) + "\n";
  if (merged.losses) {
    text += loss_table(*merged.losses, merged.alignment.has_value()) +
            verdict(*merged.losses, merged.alignment.has_value()) + "\n";
  }
  report(text + fmt::format("written to {}\n", options.out), to_json(merged, options),
         options.json);
}

}  // namespace

void add_merge(CLI::App& app, const std::string& command_line) {
  CLI::App& command = *app.add_subcommand(
      "merge",
      "Merge two checkpoints into one: align, transform, verify, interpolate, measure, write.\n\n"
      "  braid merge A B --text TEXT -o MERGED\n"
      "  braid merge A B --task mrpc --data train.tsv --dev dev.tsv -o MERGED\n"
      "  braid merge A B --text TEXT --preset paper --t 0.3 -o MERGED\n"
      "  braid merge A B --alignment AB.alignment -o MERGED\n"
      "  braid merge A B --no-align --text TEXT -o AVERAGE");
  auto options = std::make_shared<Options>();
  command.add_option("CKPT", options->models, "Two checkpoint folders, A and B")
      ->required()
      ->expected(1, -1);
  command.add_option("--dev", options->dev, "With --task: measure on this file instead of --data");
  command.add_option("--alignment", options->alignment, "From braid align, instead of aligning");
  command.add_flag("--no-align", options->no_align, "The plain average");
  command.add_option("--t", options->t, "0 = A, 1 = aligned B")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("-o,--out", options->out, "Checkpoint folder to write")->required();
  command.add_flag("--overwrite", options->overwrite, "Replace OUT if it is a checkpoint");
  command
      .add_option("--shard-size", options->shard_size,
                  "Most bytes of a weights file, such as 5GB; default: A's sharding")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber);
  command
      .add_option("--evaluate-lines", options->evaluate_lines,
                  "Lines of the text that losses are measured on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  options->align.add_to(command);
  options->compute.add_to(command);
  command.add_option("--json", options->json, "Write the result as JSON; - = stdout");
  command.callback([options, command_line] {
    options->command_line = command_line;
    run(*options);
  });
}

}  // namespace braid
