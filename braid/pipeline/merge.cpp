#include "braid/pipeline/merge.h"

#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/output_claim.h"
#include "braid/connectivity/interpolate.h"
#include "braid/connectivity/proved_models.h"
#include "braid/merging/joint_alignment.h"
#include "braid/models/merged_vocabulary.h"
#include "braid/models/model_card.h"
#include "braid/models/named_entries.h"
#include "braid/notice.h"
#include "braid/parallel.h"
#include "braid/pipeline/score_request.h"
#include "braid/pipeline/transform.h"
#include "braid/table.h"
#include "braid/text/tokenizer_files.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

using Alignments = std::vector<std::optional<Alignment>>;

using Saved = std::optional<Alignment>;  // loaded from the request's `alignment`

// The plan of the alignments, and the first model as stored, for which it was resolved.
struct Planned {
  AlignPlan plan;
  Model first;
};

// Empty if an alignment is given or not wanted.
std::optional<Planned> plan_alignments(const MergeRequest& request, const Saved& saved) {
  if (saved || request.no_align) return {};
  AlignRequest asked = request.align;
  if (request.models.size() == 2) asked.learning_state = request.state("learning");
  Model first = load_model(request.models.front(), asked.table);
  AlignPlan plan = resolve(asked, first);
  return Planned{std::move(plan), std::move(first)};
}

// All with one vocabulary, and with labels in A's order.
MergedVocabulary load_parents(const MergeRequest& request, const Saved& saved,
                              const std::optional<Planned>& planned) {
  MergedVocabulary parents;
  std::vector<Model>& models = parents.models;
  for (const std::string& path : request.models) {
    models.push_back(
        !planned ? load_for_alignment(path, saved && saved->canonical(), request.align.table)
        : models.empty() ? planned->plan.in_form(planned->first)
                         : planned->plan.load(path));
  }
  if (!request.vocabulary.empty()) parents = in_merged_vocabulary(models, request.vocabulary);
  for (Model& model : models) {
    if (&model != &models.front()) model = in_order_of(models.front(), model);
    if (model.lacking.empty()) continue;
    notice("{}: has no rows for {} of the {} tokens; they are taken from the models that have them",
           model.folder.string(), grouped(std::ssize(model.lacking)),
           grouped(model.network->vocabulary_size()));
  }
  return parents;
}

// Of every model into the merged frame; empty for a model that does not move.
Alignments find_alignments(const MergeRequest& request, const Saved& saved,
                           const std::optional<Planned>& planned, const std::vector<Model>& models,
                           const std::vector<double>& shares, const Compute& compute,
                           const Listener& listener) {
  Alignments alignments(models.size());
  if (saved) {
    alignments[1] = saved;
    require_made_for(*alignments[1], models[0], models[1], request.alignment);
  } else if (planned && models.size() == 2) {
    alignments[1] = align(models[0], models[1], planned->plan, compute, listener);
  } else if (planned) {
    const AlignTo align_to = [&](const Ensemble& others, const Model& model) {
      return align(others, model, planned->plan, compute, listener);
    };
    const JointAlignment joint =
        align_jointly(models, shares, align_to, request.sweeps, listener.count("alignments"));
    alignments.assign(joint.alignments.begin(), joint.alignments.end());
  }
  return alignments;
}

Difference prove_parent(const Model& model, const Alignment& alignment, const MergeRequest& request,
                        const Compute& compute) {
  constexpr std::int64_t lines = 32, random = 16;
  const AlignRequest& align = request.align;
  return prove(model, alignment,
               align.text_file().empty()
                   ? random_sequences(model, random, align.seed)
                   : read_sequences(model, align.text_file(), align.text_task(), lines),
               compute);
}

// The text that losses are measured on; absent without a text or a head for its loss.
class Measure {
 public:
  Measure(const Model& model, const MergeRequest& request, const Compute& compute, Merged& merged)
      : model_(model), compute_(compute), merged_(merged) {
    const AlignRequest& align = request.align;
    const Task* task = align.text_task();
    const bool has_text = !request.measured_file().empty() || !align.batches.empty();
    if (!has_text || (!task && !model.network->head(Predicts::token))) return;
    ScoreRequest score;
    if (task) {
      score.task = align.task;
      score.data = request.measured_file();
      score.example = align.max_length;
      score.score_range = request.score_range;
    } else {
      score.text = request.measured_file();
      if (request.dev.empty()) score.batches = align.batches;
    }
    score.lines = request.evaluate_lines;
    score.masking.seed = align.seed;
    score = score.resolved(model);
    text_ = score.load(model);
    merged.measured_on = score.file();
    merged.measure = task ? std::string(task->title()) + " loss" : "Language-model loss";
  }

  explicit operator bool() const { return text_.has_value(); }
  void check(const Model& model) const {
    if (text_) check_examples(model, *text_);
  }
  Score operator()(const Tensors& parameters) const {
    return evaluate(*model_.network, cast(parameters, compute_), *text_, compute_);
  }
  // Scores one stage of the merge, if there is a text.
  void stage(const std::string& key, const std::string& title, const Tensors& parameters) const {
    if (text_) merged_.scores.push_back({key, title, (*this)(parameters)});
  }

 private:
  const Model& model_;
  const Compute& compute_;
  Merged& merged_;
  std::optional<Examples> text_;
};

Tensors repaired(const Model& merged, const Ensemble& parents, const MergeRequest& request,
                 const Compute& compute, const Listener& listener) {
  const auto tokenizer = tokenizer_of(merged);
  const auto sequences = read_sequences(merged, request.align.text_file(),
                                        request.align.text_task(), request.repair_lines);
  const ObserveTaps observe_taps = [&](const Model& a, const Model& b,
                                       const std::vector<std::string>& taps) {
    ObserveOptions observing = request.align.observe_options(tokenizer->marks(), compute);
    observing.taps = taps;
    observing.pool = Pool::none;  // readers see every token
    std::size_t next = 0;
    return observe(
        a, b,
        [&] { return next < sequences.size() ? std::optional(sequences[next++]) : std::nullopt; },
        observing);
  };
  return repair(merged, parents, request.repairing, observe_taps, listener.count("taps"));
}

Healed healed(const Model& merged, const Measure& measure, const MergeRequest& request,
              const Compute& compute, const Listener& listener) {
  const fs::path state = request.state("heal");
  if (fs::exists(state)) notice("resuming from {}", state.string());
  HealOptions healing = request.healing;
  healing.compute = compute;
  nlohmann::json identity;
  const StepSource steps = training_steps(merged, request.align.training_text(), compute, identity);
  return heal(merged, steps, identity, measure, healing, state, listener.log(), listener.scoring);
}

// The steps that were fitted on the measured file.
std::vector<std::string> fitted_on_measured(const Merged& merged, const MergeRequest& request) {
  std::vector<std::string> done;
  if (merged.measured_on.empty()) return done;
  const auto content = [](const std::string& file) {
    return file.empty() ? "" : fingerprint_text(MappedFile::open(file)->bytes());
  };
  const std::string measured = content(merged.measured_on);
  for (const Parent& parent : merged.parents) {
    if (!parent.alignment || !done.empty()) continue;
    const nlohmann::json& seen = parent.alignment->text;
    for (const auto& text : seen.is_array() ? seen : nlohmann::json::array({seen})) {
      if (done.empty() && text.is_object() && text.value("fingerprint", "") == measured) {
        const bool learned = parent.alignment->options.value("method", "") == "learned";
        done.emplace_back(learned ? "aligned by learning" : "aligned");
      }
    }
  }
  if (request.repairing.kind != Repair::none && content(request.align.text_file()) == measured) {
    done.emplace_back("repaired");
  }
  if (request.healing.steps > 0 && content(request.align.file()) == measured) {
    done.emplace_back("healed");
  }
  return done;
}

void require_files_apart(MergeRequest request) {
  OptionList all = folders_of(request);
  all.append(options_of(request));
  files_of(all).check();
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

void write(const Model& result, const TokenizerFiles& tokenizer, const Merged& merged,
           const MergeRequest& request) {
  WriteOptions options;
  options.overwrite = request.overwrite;
  const std::vector<fs::path> parents(request.models.begin(), request.models.end());
  options.files["README.md"] = readme({card_text(merged, request.made_by), parents, "merge",
                                       result.sentence.has_value(), result.table != nullptr});
  if (!tokenizer.empty()) options.not_copied = tokenizer_file_names();
  options.files.insert(tokenizer.begin(), tokenizer.end());
  std::optional<std::int64_t> shard_size;
  if (request.shard_size > 0) shard_size = request.shard_size;
  if (!request.save_alignments.empty()) save_alignments(request.save_alignments, merged);
  save_model(request.out, result, lazy(result.parameters), options, shard_size);
  std::error_code ignored;  // the result is already written
  for (const char* stage : {"learning", "heal"}) fs::remove(request.state(stage), ignored);
}

}  // namespace

Merged merge(const MergeRequest& request, const Compute& compute, const Listener& listener) {
  const OneThread pinned;
  const std::vector<double> shares = request.shares();
  request.check();
  require_files_apart(request);
  const OutputClaim output(request.out);
  Saved saved;
  if (!request.alignment.empty()) saved = load_alignment(request.alignment);
  const std::optional<Planned> planned = plan_alignments(request, saved);
  const MergedVocabulary vocabulary = load_parents(request, saved, planned);
  const std::vector<Model>& models = vocabulary.models;
  require_space(request.out, byte_size(models.front().parameters));
  const Alignments alignments =
      find_alignments(request, saved, planned, models, shares, compute, listener);

  Merged merged;
  Ensemble placed{models, shares};
  std::vector<Tensors> stored, moved;
  for (std::size_t k = 0; k < models.size(); ++k) {
    Parent parent{request.models[k], shares[k], std::ssize(models[k].lacking), alignments[k], {}};
    if (const auto& alignment = alignments[k]) {
      placed.models[k].parameters = make(transform(models[k], *alignment));
      parent.by_table = models[k].table != nullptr;
      if (alignment->broken.empty() && models[k].network) {
        parent.proof = prove_parent(models[k], *alignment, request, compute);
      }
    }
    stored.push_back(models[k].parameters);
    moved.push_back(placed.models[k].parameters);
    merged.parents.push_back(std::move(parent));
  }
  stored = with_tokens_of_the_others(models, stored, shares);
  moved = with_tokens_of_the_others(models, moved, shares);
  for (std::size_t k = 0; k < models.size(); ++k) placed.models[k].parameters = moved[k];
  Model result = models[vocabulary.base];
  result.parameters = average(moved, shares);
  result.carried = carried_by_all(models);

  const Measure measure(result, request, compute, merged);
  merged.fitted = fitted_on_measured(merged, request);
  for (const Model& model : models) measure.check(model);
  const Progress progress = listener.count("models");
  const auto score = [&](const std::string& key, const std::string& title,
                         const Tensors& parameters) {
    measure.stage(key, title, parameters);
    const std::int64_t stages = 1 + merged.aligned() + (request.repairing.kind != Repair::none);
    const std::int64_t done = std::ssize(merged.scores);
    if (progress && done > 0) {
      progress("measuring", done, std::max(std::ssize(models) + stages, done));
    }
  };
  for (std::size_t k = 0; k < models.size(); ++k) {
    // Other models' token rows are in the merged frame only.
    score(parent_key(k), title_of(merged.parents[k], k),
          models[k].lacking.empty() ? stored[k] : moved[k]);
  }
  score("plain", "plain average", average(stored, shares));
  if (merged.aligned()) score("aligned", "aligned average", result.parameters);
  if (request.simplex > 0 && measure) {
    merged.simplex = trace_simplex(
        moved, [&](const Tensors& parameters) { return measure(parameters).loss; }, request.simplex,
        listener.count("paths"));
  }
  if (request.repairing.kind != Repair::none) {
    result.parameters = repaired(result, placed, request, compute, listener);
    score("repaired", "repaired", result.parameters);
  }
  if (request.healing.steps > 0) {
    require(static_cast<bool>(measure), "{}: has no head to train with `heal`",
            request.models.front());
    merged.healed = healed(result, measure, request, compute, listener);
    result.parameters = merged.healed->parameters;
    score("healed", "healed", result.parameters);
  }
  write(result, vocabulary.files, merged, request);
  return merged;
}

}  // namespace braid
