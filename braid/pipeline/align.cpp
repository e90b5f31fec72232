#include "braid/pipeline/align.h"

#include <filesystem>

#include "braid/alignment/features_file.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/json/json_text.h"
#include "braid/merging/joint_alignment.h"
#include "braid/models/identity.h"
#include "braid/models/named_entries.h"
#include "braid/notice.h"
#include "braid/parallel.h"
#include "braid/table.h"
#include "braid/tasks/sequence_stream.h"

namespace braid {
namespace {

// Throws unless moments were observed on these models, with the same tokenizer and settings.
void require_observed_on(const SavedMoments& saved, const char* side, const Model& model,
                         const std::string& file) {
  const nlohmann::json found = saved.provenance.value(side, nlohmann::json::object());
  const nlohmann::json expected = identify(model);
  const std::string folder = expected["path"];
  const auto require_same = [&](const char* key, const char* differs) {
    require(found.value(key, "") == expected[key],
            "{}: was observed on {} {} ({} '{}', but {} has {}); observe these models", file,
            differs, side, key, found.value(key, ""), folder, expected[key].get<std::string>());
  };
  require_same("fingerprint", "another model");
  if (!found.contains("reads")) {  // of version 0.1
    return notice("{}: does not say how {} read its text; assuming the present settings", file,
                  side);
  }
  require_same("reads", "other settings or another tokenizer of model");
}

Observed add_moments(const Model& a, const Model& b, const std::vector<std::string>& files) {
  Observed sum;
  sum.text = nlohmann::json::array();
  nlohmann::json options;
  for (const std::string& file : files) {
    const SavedMoments saved = load_moments(file);
    require_observed_on(saved, "a", a, file);
    require_observed_on(saved, "b", b, file);
    nlohmann::json observed = saved.provenance.value("observed", nlohmann::json());
    if (observed.is_object()) {
      observed.erase("lines");   // each part has its own
      observed.erase("device");  // in files of 0.1, where it was always the same
    }
    require(options.is_null() || options == observed,
            "{}: was observed with options {}, unlike {} ({})", file, to_text(observed),
            files.front(), to_text(options));
    options = observed;
    for (const auto& text : saved.provenance.value("text", nlohmann::json::array())) {
      sum.text.push_back(text);
    }
    const auto same_tap = [](const auto& x, const auto& y) { return x.first == y.first; };
    require(sum.moments.empty() || std::equal(sum.moments.begin(), sum.moments.end(),
                                              saved.moments.begin(), saved.moments.end(), same_tap),
            "{}: has different taps from {}; observe both with the same components and options",
            file, files.front());
    for (const auto& [tap, moments] : saved.moments) sum.moments[tap].add(moments);
  }
  return sum;
}

nlohmann::json identify_text(const std::string& file) {
  return {{"path", file}, {"fingerprint", fingerprint_text(MappedFile::open(file)->bytes())}};
}

nlohmann::json identify_all(const std::vector<std::string>& files) {
  nlohmann::json all = nlohmann::json::array();
  for (const std::string& file : files) all.push_back(identify_text(file));
  return all;
}

// The plan's moments, including its ablation's axes; saved if the plan says so.
Observed observe_for(const Ensemble& ensemble, const Model& b, const AlignPlan& plan,
                     const Compute& compute, const Listener& listener) {
  Ensemble table = ensemble;
  Symmetries& symmetries = table.models.front().symmetries;
  symmetries = table_of(ensemble.models.front(), plan.options.match.ablation());
  Observed observed;
  if (plan.has_features()) {
    observed = {observe_features(symmetries, plan.taps, plan.features[0], plan.features[1]),
                identify_all(plan.features)};
  } else {
    observed = observe_text(table, b, plan, {plan.taps, {}, {}}, compute, listener);
  }
  if (!plan.moments.empty()) {
    save_moments(plan.moments, observed.moments,
                 {{"a", identify(mean_model(ensemble))},
                  {"b", identify(b)},
                  {"text", observed.text.is_array() ? observed.text
                                                    : nlohmann::json::array({observed.text})},
                  {"observed", features_json(plan, compute)}});
  }
  return observed;
}

// The alignment that a method starts from: another method's, or a file's.
Alignment start_of(const Model& a, const Model& b, const AlignPlan& plan, const Evidence& evidence,
                   const Compute& compute, const Listener& listener) {
  if (plan.start) {
    return align(*plan.start, a, b, evidence, plan.options, compute, listener.count("solved"));
  }
  Alignment start = load_alignment(plan.start_file);
  require_made_for(start, a, b, plan.start_file);
  return start;
}

// The losses that a method minimises, and the identity by which an interrupted run is resumed.
void add_losses(const Model& a, const Model& b, const AlignPlan& plan, Evidence& evidence,
                const Compute& compute, const Listener& listener) {
  require(network_of(a).head(Predicts::token),
          "{}: has no language-model head, which learning needs for its loss", a.folder.string());
  nlohmann::json from = to_json(*evidence.start)["axes"];
  for (auto& axis : from) axis.erase("seconds");
  const LearnOptions& learning = plan.options.learning;
  evidence.identity = {{"a", fingerprint(a.parameters)},
                       {"b", fingerprint(b.parameters)},
                       {"start", fingerprint_text(to_text(from))},
                       {"learn", learning.latents.learn},
                       {"both", learning.move_both},
                       {"steps", learning.steps},
                       {"learning_rate", learning.latents.learning_rate}};
  evidence.losses = training_steps(a, plan.training_text(), compute, evidence.identity);
  evidence.state = plan.learning_state;
  evidence.log = listener.log();
  if (!evidence.state.empty() && std::filesystem::exists(evidence.state)) {
    notice("resuming from {}", evidence.state.string());
  }
}

// Says whether the order of the model's outputs changes.
void say_of_outputs(const Symmetries& symmetries, const Alignment& alignment,
                    const std::set<std::string>& components) {
  std::set<std::string> stay, move;
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.returned) (components.contains(axis.component) ? move : stay).insert(axis.component);
  }
  if (!move.empty() && !returned_axes(symmetries, alignment.transform()).empty()) {
    notice(
        "{} is an output of this model, and moves: embeddings come in another order, with the same "
        "inner products",
        fmt::join(move, ", "));
  }
  if (!stay.empty()) {
    notice(
        "{} is an output of this model, and stays in place; with `components` {},{} it moves, and "
        "embeddings come in another order",
        fmt::join(stay, ", "), fmt::join(components, ","), fmt::join(stay, ","));
  }
}

// Names the defaults that were used, and the stronger alternative.
void say_what_was_chosen(const AlignPlan& plan) {
  if (!plan.by_default) return;
  std::vector<std::string> parts;
  if (plan.options.match.in_head != InHead::permutation) {
    parts.push_back(
        fmt::format("{} maps inside heads",
                    plan.options.match.in_head == InHead::general ? "general" : "orthogonal"));
  }
  if (plan.canonicalise) parts.emplace_back("canonical forms");
  notice(
      "aligned by {}{}{}: the exact closed form that measured best for this family; `method` "
      "learned improves it further on the loss itself",
      plan.method->name, parts.empty() ? "" : ", with ", fmt::join(parts, " and "));
}

// With fewer samples than units, correlations are high by chance.
void warn_of_few(const MomentsByTap& moments) {
  const std::pair<const std::string, Moments>* worst = nullptr;
  for (const auto& tap : moments) {
    const std::int64_t units = tap.second.mean_a.size(0);
    if (tap.second.tokens < units && (!worst || units > worst->second.mean_a.size(0))) worst = &tap;
  }
  if (!worst) return;
  notice("only {} samples for the {} units of {}: correlations are high by chance; use more text",
         worst->second.tokens, worst->second.mean_a.size(0), worst->first);
}

void warn(const Alignment& alignment) {
  if (!alignment.broken.empty()) {
    notice("NOT a symmetry: {}; B' will not compute the same function as B", alignment.broken);
  }
  for (const auto& [name, found] : alignment.axes) {
    if (found.applied) continue;
    notice("{} is measured but not applied: its units are on an axis tied to another", name);
  }
}

void require_fingerprint(const nlohmann::json& side, const Model& model, const char* made,
                         const std::string& source) {
  const std::string found = fingerprint(as_stored(model));
  require(side.is_object() && side.contains("fingerprint"),
          "{}: does not say which models it was made for; align these models", source);
  const std::string expected = side["fingerprint"];
  require(expected == found,
          "{}: was made {} {} (fingerprint {}), but {} has fingerprint {}; align these models",
          source, made, side.value("path", "another model"), expected, model.folder.string(),
          found);
  const std::string table = side.value("table", ""), now = table_fingerprint(model);
  require(table == now,
          "{}: was made with {}, but {} is read with {}; align these models by one table", source,
          table.empty() ? "no table" : "another `table`", model.folder.string(),
          now.empty() ? "none" : model.table->file);
}

}  // namespace

Observed observe_text(const Ensemble& ensemble, const Model& as_it_is, const AlignPlan& plan,
                      const Observing& observing, const Compute& compute,
                      const Listener& listener) {
  const OneThread pinned;
  const Model& a = ensemble.models.front();
  network_of(a);
  const Model b = in_order_of(a, as_it_is);
  const auto tokenizer = tokenizer_of(a);
  const auto source = open_sequences({plan.file(), plan.text_task(), !plan.batches.empty(),
                                      plan.blocks, plan.max_length, plan.lines},
                                     *tokenizer);
  ObserveOptions options = plan.observe_options(tokenizer->marks(), compute);
  options.taps = observing.taps;
  options.sizes = observing.sizes;
  const Progress progress = listener.count("of the text");
  Observed observed;
  std::int64_t tokens = 0;
  const SeenTokens seen = [&](std::int64_t so_far) {
    tokens = so_far;
    if (progress) progress("observing", source->done(), source->total());
  };
  observed.moments = observe(
      ensemble, b, [&] { return source->next(); }, options, seen, observing.at_size);
  observed.text = identify_text(plan.file());
  observed.text.update({{"lines", source->sequences()}, {"tokens", tokens}});
  if (!plan.task.empty()) observed.text["task"] = plan.task;
  return observed;
}

Alignment align(const Ensemble& ensemble, const Model& as_it_is, const AlignPlan& plan,
                const Compute& compute, const Listener& listener) {
  const OneThread pinned;
  const Model a = mean_model(ensemble), b = in_order_of(a, as_it_is);
  Observed observed;
  if (plan.observes()) {
    observed = plan.from_moments.empty() ? observe_for(ensemble, b, plan, compute, listener)
                                         : add_moments(a, b, plan.from_moments);
  }
  say_what_was_chosen(plan);
  return align_observed(a, b, plan, std::move(observed), compute, listener);
}

Alignment align(const Model& a, const Model& b, const AlignPlan& plan, const Compute& compute,
                const Listener& listener) {
  return align(Ensemble{{a}, {1.0}}, b, plan, compute, listener);
}

Alignment align_observed(const Model& a, const Model& as_it_is, const AlignPlan& plan,
                         Observed observed, const Compute& compute, const Listener& listener) {
  const OneThread pinned;
  const Model b = in_order_of(a, as_it_is);
  for (const Model* model : {&a, &b}) {
    require(model->canonical == plan.canonicalise,
            "{}: is {}in canonical form, but `canonicalise` is {}; load it in the plan's form",
            model->folder.string(), model->canonical ? "" : "not ", plan.canonicalise);
  }
  Evidence evidence;
  warn_of_few(observed.moments);
  evidence.moments = std::move(observed.moments);
  const Needs& needs = plan.method->needs;
  if (needs.start) evidence.start = start_of(a, b, plan, evidence, compute, listener);
  if (needs.losses) add_losses(a, b, plan, evidence, compute, listener);
  Alignment alignment =
      align(*plan.method, a, b, evidence, plan.options, compute, listener.count("solved"));
  alignment.a = identify(a);
  alignment.b = identify(b);
  alignment.text = std::move(observed.text);
  if (needs.losses && alignment.text.is_null()) alignment.text = identify_text(plan.file());
  alignment.options = result_json(plan, compute);
  warn(alignment);
  say_of_outputs(a.symmetries, alignment, plan.options.match.components);
  return alignment;
}

void require_made_for(const Alignment& alignment, const Model& b, const std::string& source) {
  require_fingerprint(alignment.b, b, "for", source);
}

void require_made_for(const Alignment& alignment, const Model& a, const Model& b,
                      const std::string& source) {
  require_fingerprint(alignment.a, a, "towards", source);
  require_made_for(alignment, b, source);
}

std::string alignment_table(const Alignment& alignment) {
  std::vector<std::vector<std::string>> rows = {
      {"axis", "units", "element", "mean", "unaligned", "condition", "seconds", ""}};
  for (const auto& [name, match] : alignment.axes) {
    const auto mean = [&match = match](double sum) {
      return match.matched() ? fmt::format("{:.4f}", sum / static_cast<double>(match.units)) : "-";
    };
    rows.push_back({name, grouped(match.units), kind(match.element.front()), mean(match.objective),
                    mean(match.unaligned), fmt::format("{:.1f}", condition(match.element)),
                    fmt::format("{:.3f}", match.seconds), match.applied ? "" : "not applied"});
  }
  std::string text = format_table(rows);
  if (!alignment.broken.empty()) text += "NOT a symmetry: " + alignment.broken + "\n";
  return text;
}

std::vector<TokenSequence> read_sequences(const Model& model, const std::string& file,
                                          const Task* task, std::int64_t limit) {
  const auto tokenizer = tokenizer_of(model);
  const auto stream = open_sequences(
      {file, task, false, false, sequence_length(network_of(model), {}, 512, ""), limit},
      *tokenizer);
  std::vector<TokenSequence> sequences;
  while (std::optional<TokenSequence> sequence = stream->next()) {
    if (!sequence->empty()) sequences.push_back(*std::move(sequence));
  }
  require(!sequences.empty(), "{}: none of its {} texts has a token", file, stream->sequences());
  return sequences;
}

}  // namespace braid
