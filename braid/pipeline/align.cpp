#include "braid/pipeline/align.h"

#include <filesystem>

#include "braid/checkpoint/fingerprint.h"
#include "braid/merging/joint_alignment.h"
#include "braid/parallel.h"
#include "braid/tasks/sequence_stream.h"

namespace braid {
namespace {

std::int64_t sequence_limit(const Model& model, std::int64_t max_length) {
  return std::min(max_length, model.network->max_positions());
}

// The sequences that a request's text or batches hold, one after another.
class Source {
 public:
  Source(const AlignRequest& request, const Tokenizer& tokenizer, const Model& model)
      : file_(request.batches.empty() ? request.text_file() : request.batches) {
    if (request.batches.empty()) {
      text_.emplace(file_, request.text_task(), tokenizer,
                    sequence_limit(model, request.max_length), request.lines, request.blocks);
      return;
    }
    ready_ = sequences_of(load_token_text(file_, 32));
    if (request.lines > 0 && request.lines < std::ssize(ready_)) {
      ready_.resize(static_cast<std::size_t>(request.lines));
    }
  }

  TokenSequence next() {
    if (text_) return text_->next();
    return next_ < std::ssize(ready_) ? ready_[static_cast<std::size_t>(next_++)] : TokenSequence{};
  }
  std::int64_t sequences() const { return text_ ? text_->sequences() : next_; }
  std::int64_t done() const { return text_ ? text_->done() : next_; }
  std::int64_t total() const { return text_ ? text_->total() : std::ssize(ready_); }
  const std::string& file() const { return file_; }

 private:
  const std::string& file_;
  std::optional<SequenceStream> text_;
  std::vector<TokenSequence> ready_;
  std::int64_t next_ = 0;
};

// Error unless moments were observed on these models.
void require_observed_on(const SavedMoments& saved, const char* side, const Model& model,
                         const std::string& file) {
  const std::string found =
      saved.provenance.value(side, nlohmann::json::object()).value("fingerprint", "");
  const nlohmann::json expected = identify(model);
  require(found == expected["fingerprint"],
          "{}: was observed on another model {} (fingerprint {}, expected {} of {})", file, side,
          found, expected["fingerprint"].get<std::string>(), expected["path"].get<std::string>());
}

Observed add_moments(const Model& a, const Model& b, const std::vector<std::string>& files) {
  Observed sum;
  sum.text = nlohmann::json::array();
  nlohmann::json how;
  for (const std::string& file : files) {
    const SavedMoments saved = load_moments(file);
    require_observed_on(saved, "a", a, file);
    require_observed_on(saved, "b", b, file);
    nlohmann::json observed = saved.provenance.value("observed", nlohmann::json());
    if (observed.is_object()) observed.erase("lines");  // each part has its own
    require(how.is_null() || how == observed,
            "{}: was observed with other options ({}) than {} ({})", file, observed.dump(),
            files.front(), how.dump());
    how = observed;
    for (const auto& text : saved.provenance.value("text", nlohmann::json::array())) {
      sum.text.push_back(text);
    }
    require(sum.moments.empty() || sum.moments.size() == saved.moments.size(),
            "{}: holds other taps than {}", file, files.front());
    for (const auto& [tap, moments] : saved.moments) sum.moments[tap].add(moments);
  }
  return sum;
}

// What the request's moments are taken of, its ablation's axes among them, saved where it says so.
Observed observe_for(const Ensemble& ensemble, const Model& b, const AlignRequest& request,
                     const Compute& compute, const Listener& listener) {
  const MatchOptions match = request.match_options();
  Ensemble table = ensemble;
  Symmetries& symmetries = table.models.front().symmetries;
  symmetries = table_of(ensemble.models.front(), match.ablation());
  Observed observed = observe_text(table, b, request, {taps_to_observe(symmetries, match), {}, {}},
                                   compute, listener);
  if (!request.moments.empty()) {
    save_moments(request.moments, observed.moments,
                 {{"a", identify(mean_model(ensemble))},
                  {"b", identify(b)},
                  {"text", nlohmann::json::array({observed.text})},
                  {"observed", features_json(request, compute)}});
  }
  return observed;
}

void warn(const Alignment& alignment, const Listener& listener) {
  if (!alignment.broken.empty()) {
    listener.say("NOT a symmetry: " + alignment.broken + "; B' will not compute what B computes");
  }
  for (const auto& [name, found] : alignment.axes) {
    if (found.applied) continue;
    listener.say(name +
                 " is measured but not applied: its units lie on an axis that is tied to another");
  }
}

void require_fingerprint(const nlohmann::json& side, const Model& model, const char* made,
                         const std::string& source) {
  const std::string found = fingerprint(model.parameters);
  const std::string expected = side.value("fingerprint", "");
  require(expected == found,
          "{}: was made {} {} (fingerprint {}), but {} has fingerprint {}; align these models",
          source, made, side.value("path", "another model"), expected, model.folder.string(),
          found);
}

}  // namespace

Observed observe_text(const Ensemble& ensemble, const Model& b, const AlignRequest& request,
                      const Observing& observing, const Compute& compute,
                      const Listener& listener) {
  const OneThread pinned;
  const Model& a = ensemble.models.front();
  const auto tokenizer = load_tokenizer(a.folder);
  require_same_tokens(a, b, listener);
  Source source(request, *tokenizer, a);
  ObserveOptions options = request.observe_options(tokenizer->sequence_marks(), compute);
  options.taps = observing.taps;
  options.sizes = observing.sizes;
  const Progress progress = listener.count("of the text");
  Observed observed;
  std::int64_t tokens = 0;
  const SeenTokens seen = [&](std::int64_t so_far) {
    tokens = so_far;
    if (progress) progress("observing", source.done(), source.total());
  };
  observed.moments = observe(
      ensemble, b, [&] { return source.next(); }, options, seen, observing.at_size);
  observed.text = {{"path", source.file()},
                   {"fingerprint", fingerprint_text(MappedFile::open(source.file())->bytes())},
                   {"lines", source.sequences()},
                   {"tokens", tokens}};
  if (!request.task.empty()) observed.text["task"] = request.task;
  return observed;
}

nlohmann::json identify(const Model& model) {
  return {{"path", model.folder.string()}, {"fingerprint", fingerprint(model.parameters)}};
}

Alignment align(const Ensemble& ensemble, const Model& b, const AlignRequest& request,
                const Compute& compute, const Listener& listener) {
  const OneThread pinned;
  request.check();
  request.require_text();
  const Model a = mean_model(ensemble);
  require_same_architecture(a, b);
  const AlignRequest full = request.resolved(a.symmetries);
  Observed observed;
  if (full.observes()) {
    observed = full.from_moments.empty() ? observe_for(ensemble, b, full, compute, listener)
                                         : add_moments(a, b, full.from_moments);
  }
  return align_observed(a, b, full, std::move(observed), compute, listener);
}

Alignment align(const Model& a, const Model& b, const AlignRequest& request, const Compute& compute,
                const Listener& listener) {
  return align(Ensemble{{a}, {1.0}}, b, request, compute, listener);
}

Alignment align_observed(const Model& a, const Model& b, const AlignRequest& request,
                         Observed observed, const Compute& compute, const Listener& listener) {
  const OneThread pinned;
  const AlignRequest full = request.resolved(a.symmetries);
  Alignment alignment;
  if (const std::optional<Method> method = full.closed_form()) {
    alignment = align(a, b, *method, observed.moments, full.match_options(), full.weight_options(),
                      compute.threads, listener.count("solved"));
  } else {
    alignment = load_alignment(full.start);
    require_made_for(alignment, a, b, full.start);
  }
  if (full.learns()) {
    const std::filesystem::path state = full.learning_state;
    if (!state.empty() && std::filesystem::exists(state)) {
      listener.say("going on from " + state.string());
    }
    alignment = learn(a, b, alignment, full.learn_request(compute.threads), state, listener.log())
                    .alignment;
  }
  alignment.a = identify(a);
  alignment.b = identify(b);
  alignment.text = std::move(observed.text);
  alignment.options = result_json(full, compute);
  warn(alignment, listener);
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

void require_same_tokens(const Model& a, const Model& b, const Listener& listener) {
  std::unique_ptr<Tokenizer> other;
  try {
    other = load_tokenizer(b.folder);
  } catch (const Error&) {
    listener.say(fmt::format("{}: no tokenizer here; its token ids are taken to be those of {}",
                             b.folder.string(), a.folder.string()));
    return;
  }
  require_same_vocabulary(*load_tokenizer(a.folder), a.folder.string(), *other, b.folder.string());
}

std::vector<TokenSequence> read_sequences(const Model& model, const std::string& file,
                                          const Task* task, std::int64_t limit) {
  const auto tokenizer = load_tokenizer(model.folder);
  SequenceStream stream(file, task, *tokenizer, sequence_limit(model, 512), limit);
  std::vector<TokenSequence> sequences;
  for (TokenSequence s = stream.next(); !s.empty(); s = stream.next()) sequences.push_back(s);
  return sequences;
}

}  // namespace braid
