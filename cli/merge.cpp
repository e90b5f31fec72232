// braid merge: align, transform, verify, average, repair, heal, measure, write: one checkpoint out
// of two or more.
#include <spdlog/spdlog.h>

#include "braid/checkpoint/atomic_file.h"
#include "braid/connectivity/interpolate.h"
#include "braid/error.h"
#include "braid/merging/joint_alignment.h"
#include "braid/merging/simplex.h"
#include "cli/align_models.h"
#include "cli/command.h"
#include "cli/merge_options.h"
#include "cli/merged.h"
#include "cli/terminal.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

using Alignments = std::vector<std::optional<Alignment>>;

Alignments find_alignments(const MergeOptions& options, const std::vector<Model>& models,
                           const std::vector<double>& weights) {
  Alignments alignments(models.size());
  if (options.no_align) return alignments;
  if (!options.alignment.empty()) {
    alignments[1] = load_alignment(options.alignment);
    check_alignment(*alignments[1], models[0], models[1], options.alignment);
  } else if (models.size() == 2) {
    AlignOptions asked = options.align;
    asked.learning_state = options.state("learning");
    alignments[1] = align_models(models[0], models[1], asked, options.compute);
  } else {
    const AlignTo align_to = [&](const Ensemble& others, const Model& model) {
      return align_models(others, model, options.align, options.compute);
    };
    const JointAlignment joint =
        align_jointly(models, weights, align_to, options.sweeps, terminal_progress("alignments"));
    alignments.assign(joint.alignments.begin(), joint.alignments.end());
  }
  return alignments;
}

// B' against B, on text where there is some. Error where an exact alignment turns out not to be.
Difference prove(const Model& b, const Alignment& alignment, const MergeOptions& options) {
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
  require(found.relative() <= tolerance,
          "{}, aligned, differs from itself by {:.3e} of its largest output: nothing was written; "
          "please report this",
          b.folder.string(), found.relative());
  return found;
}

ScoredText measured_text(const Model& model, const MergeOptions& options) {
  EvaluateOptions evaluation;
  if (options.align.text_task()) {
    evaluation.task = options.align.task;
    evaluation.data = options.measured_file();
    evaluation.max_length = options.align.max_length;
  } else {
    if (model.network->is_causal()) evaluation.task = "clm";
    evaluation.text = options.measured_file();
    if (options.dev.empty()) evaluation.batches = options.align.batches;
  }
  evaluation.lines = options.evaluate_lines;
  evaluation.masking.seed = options.align.seed;
  return evaluation.load(model);
}

using Measure = std::function<Score(const Tensors&)>;

Tensors repair_merged(const Model& merged, const Ensemble& parents, const MergeOptions& options) {
  const auto tokenizer = load_tokenizer(merged.folder);
  const auto sequences = read_sequences(merged, options.align.text_file(),
                                        options.align.text_task(), options.repair_lines);
  const ObserveTaps observe_taps = [&](const Model& a, const Model& b,
                                       const std::vector<std::string>& taps) {
    ObserveOptions observing = options.align.observe_options(tokenizer->sequence_marks());
    observing.taps = taps;
    observing.pool = Pool::none;  // readers see every token
    observing.precision = options.compute.dtype();
    observing.threads = options.compute.thread_count();
    std::size_t next = 0;
    return observe(
        a, b, [&] { return next < sequences.size() ? sequences[next++] : TokenSequence{}; },
        observing);
  };
  RepairOptions repairing = options.repairing;
  repairing.kind = options.repair == "rescale" ? Repair::rescale : Repair::least_squares;
  return repair(merged, parents, repairing, observe_taps, terminal_progress("taps"));
}

Healed heal_merged(const Model& merged, const Measure& measure, const MergeOptions& options) {
  const fs::path state = options.state("heal");
  if (fs::exists(state)) spdlog::info("going on from {}", state.string());
  HealOptions healing = options.healing;
  healing.threads = options.compute.thread_count();
  nlohmann::json identity;
  const StepSource steps = options.align.learn_request().steps(merged, identity);
  return heal(merged, steps, identity, measure, healing, state, training_log(),
              [](const DevPoint& point) {
                clear_progress();
                spdlog::info("step {}, {} tokens: loss {:.4f}", point.step, grouped(point.tokens),
                             point.score.loss);
              });
}

void save_alignments(const fs::path& folder, const Merged& merged) {
  fs::create_directories(folder);
  for (std::size_t k = 0; k < merged.parents.size(); ++k) {
    const Parent& parent = merged.parents[k];
    if (parent.alignment) {
      save_alignment(folder / (parent_key(k) + ".alignment"), *parent.alignment);
    }
  }
}

void run(const MergeOptions& options) {
  const std::vector<double> weights = options.shares();
  options.check();
  check_output_folder(options.out, options.overwrite);
  const bool canonical = options.alignment.empty()
                             ? options.align.canonicalise && !options.no_align
                             : is_canonical(load_alignment(options.alignment));
  std::vector<Model> models;
  for (const std::string& path : options.models) {
    models.push_back(load_for_alignment(path, canonical));
    require_same_architecture(models.front(), models.back());
  }
  Merged merged;
  Ensemble placed{models, weights};
  std::vector<Tensors> stored, moved;
  const Alignments alignments = find_alignments(options, models, weights);
  for (std::size_t k = 0; k < models.size(); ++k) {
    Parent parent{options.models[k], weights[k], alignments[k], {}};
    if (const auto& alignment = alignments[k]) {
      placed.models[k].parameters = transform_parameters(
          table_of(models[k], alignment->ablation), models[k].parameters, alignment->transform());
      if (alignment->broken.empty()) parent.proof = prove(models[k], *alignment, options);
    }
    stored.push_back(models[k].parameters);
    moved.push_back(placed.models[k].parameters);
    merged.parents.push_back(std::move(parent));
  }
  Model result = models.front();
  result.parameters = average(moved, weights);

  const bool measurable = !options.measured_file().empty() || !options.align.batches.empty();
  const bool has_head =
      options.align.text_task() || result.network->has_token_head(result.parameters);
  std::optional<ScoredText> text;
  if (measurable && has_head) {
    text = measured_text(result, options);
    for (const Model& model : models) check_text(model, *text);
    merged.measured_on =
        options.measured_file().empty() ? options.align.batches : options.measured_file();
    merged.measure = options.align.text_task() ? options.align.text_task()->title + " loss"
                                               : "Language-model loss";
  }
  const Measure measure = [&](const Tensors& parameters) {
    return evaluate(*result.network, cast(parameters, options.compute.dtype()), *text,
                    options.compute.thread_count());
  };
  const Progress progress = terminal_progress("models");
  const auto score = [&](const std::string& key, const std::string& title,
                         const Tensors& parameters) {
    if (!text) return;
    merged.scores.push_back({key, title, measure(parameters)});
    const std::int64_t stages = 1 + merged.aligned() + (options.repair != "none");
    progress("measuring", std::ssize(merged.scores),
             std::max(std::ssize(models) + stages, std::ssize(merged.scores)));
  };
  for (std::size_t k = 0; k < models.size(); ++k) {
    score(parent_key(k), parent_title(parent_key(k)), stored[k]);
  }
  score("plain", "plain average", average(stored, weights));
  if (merged.aligned()) score("aligned", "aligned average", result.parameters);
  if (options.simplex > 0 && text) {
    merged.simplex = trace_simplex(
        moved, [&](const Tensors& parameters) { return measure(parameters).loss; }, options.simplex,
        terminal_progress("paths"));
  }
  if (options.repair != "none") {
    result.parameters = repair_merged(result, placed, options);
    score("repaired", "repaired", result.parameters);
  }
  if (options.healing.steps > 0) {
    require(text.has_value(), "{}: has no head to train", options.models.front());
    merged.healed = heal_merged(result, measure, options);
    result.parameters = merged.healed->parameters;
    score("healed", "healed", result.parameters);
  }

  WriteOptions write;
  write.overwrite = options.overwrite;
  write.files["README.md"] = model_card(merged, options.command_line);
  std::optional<std::int64_t> shard_size;
  if (options.shard_size > 0) shard_size = options.shard_size;
  if (!options.save_alignments.empty()) save_alignments(options.save_alignments, merged);
  save_model(options.out, result, result.parameters, write, shard_size);
  for (const char* stage : {"learning", "heal"}) fs::remove(options.state(stage));

  std::string said;
  if (models.size() == 2 && alignments[1]) said = alignment_table(*alignments[1]) + "\n";
  nlohmann::json json = to_json(merged);
  json["out"] = options.out;
  report(said + describe(merged) + fmt::format("written to {}\n", options.out), json, options.json);
}

}  // namespace

void add_merge(CLI::App& app, const std::string& command_line) {
  CLI::App& command = *app.add_subcommand(
      "merge",
      "Merge checkpoints into one: align, transform, verify, average, measure, write.\n\n"
      "  braid merge A B --text TEXT -o MERGED\n"
      "  braid merge A B --task mrpc --data train.tsv --dev dev.tsv -o MERGED\n"
      "  braid merge A B --text TEXT --preset paper --t 0.3 -o MERGED\n"
      "  braid merge A B --alignment AB.alignment -o MERGED\n"
      "  braid merge A B --no-align --text TEXT -o AVERAGE\n"
      "  braid merge A B C --method weights --weights 1,1,2 --text TEXT -o MERGED\n"
      "  braid merge A B --text TEXT --dev VALID --repair least-squares --heal 300 -o MERGED\n\n"
      "More than two models move into a common frame, each towards the mean of the others, without "
      "favouring one.");
  auto options = std::make_shared<MergeOptions>();
  options->add_to(command);
  command.callback([options, command_line] {
    options->command_line = command_line;
    run(*options);
  });
}

}  // namespace braid
