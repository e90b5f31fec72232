// Aligning two models as the options say: from text, or from saved moments.
#include "cli/align_models.h"

#include <spdlog/spdlog.h>

#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"
#include "braid/merging/joint_alignment.h"
#include "braid/tasks/sequence_stream.h"
#include "cli/terminal.h"

namespace braid {
namespace {

std::int64_t sequence_limit(const Model& model, std::int64_t max_length) {
  return std::min(max_length, model.network->max_positions());
}

void check_vocabulary(const Tokenizer& tokenizer, const Model& a, const Model& b) {
  std::unique_ptr<Tokenizer> other;
  try {
    other = load_tokenizer(b.folder);
  } catch (const Error&) {
    spdlog::warn("{}: no tokenizer here; its token ids are taken to be those of {}",
                 b.folder.string(), a.folder.string());
    return;
  }
  require_same_vocabulary(tokenizer, a.folder.string(), *other, b.folder.string());
}

ObserveOptions observe_options(const AlignOptions& options, const MatchOptions& match,
                               const Model& a, const Tokenizer& tokenizer,
                               const ComputeOptions& compute) {
  ObserveOptions observe = options.observe_options(tokenizer.sequence_marks());
  observe.taps = taps_to_observe(table_of(a, match.ablation()), match);
  observe.precision = compute.dtype();
  observe.threads = compute.thread_count();
  return observe;
}

struct Observed {
  MomentsByTap moments;
  nlohmann::json a, b, text;
};

nlohmann::json identify(const Model& model) {
  return {{"path", model.folder.string()}, {"fingerprint", fingerprint(model.parameters)}};
}

Observed observe_text(const Ensemble& ensemble, const Model& b, const AlignOptions& options,
                      const MatchOptions& match, const ComputeOptions& compute) {
  require(options.has_text(), "align needs --text FILE, --task and --data, or --from-moments");
  const Model& a = ensemble.models.front();
  const auto tokenizer = load_tokenizer(a.folder);
  check_vocabulary(*tokenizer, a, b);
  const std::string& file = options.batches.empty() ? options.text_file() : options.batches;
  std::vector<TokenSequence> ready;
  std::optional<SequenceStream> text;
  if (options.batches.empty()) {
    text.emplace(file, options.text_task(), *tokenizer, sequence_limit(a, options.max_length),
                 options.lines, options.blocks);
  } else {
    ready = sequences_of(load_token_text(file, 32));
    if (options.lines > 0 && options.lines < std::ssize(ready)) {
      ready.resize(static_cast<std::size_t>(options.lines));
    }
  }
  std::int64_t next_ready = 0;
  const auto next = [&] {
    if (text) return text->next();
    const bool more = next_ready < std::ssize(ready);
    return more ? ready[static_cast<std::size_t>(next_ready++)] : TokenSequence{};
  };
  Ensemble table = ensemble;  // ablations observe other axes
  table.models.front().symmetries = table_of(a, match.ablation());
  const Progress progress = terminal_progress("of the text");
  Observed observed;
  std::int64_t tokens = 0;
  observed.moments =
      observe(table, b, next, observe_options(options, match, a, *tokenizer, compute),
              [&](std::int64_t seen) {
                tokens = seen;
                if (text) {
                  progress("observing", text->done(), text->total());
                } else {
                  progress("observing", next_ready, std::ssize(ready));
                }
              });
  observed.a = identify(mean_model(ensemble));
  observed.b = identify(b);
  observed.text = {{"path", file},
                   {"fingerprint", fingerprint_text(MappedFile::open(file)->bytes())},
                   {"lines", text ? text->sequences() : next_ready},
                   {"tokens", tokens}};
  if (!options.task.empty()) observed.text["task"] = options.task;
  if (!options.moments.empty()) {
    save_moments(options.moments, observed.moments,
                 {{"a", observed.a},
                  {"b", observed.b},
                  {"text", nlohmann::json::array({observed.text})},
                  {"observed",
                   {{"special_tokens", options.special_tokens},
                    {"pool", options.pool},
                    {"max_length", options.max_length},
                    {"blocks", options.blocks},
                    {"precision", compute.precision}}}});
  }
  return observed;
}

Observed add_moments(const Model& a, const Model& b, const std::vector<std::string>& files) {
  Observed sum;
  sum.a = identify(a);
  sum.b = identify(b);
  sum.text = nlohmann::json::array();
  nlohmann::json how;
  for (const std::string& file : files) {
    const SavedMoments saved = load_moments(file);
    for (const auto& [key, side] : {std::pair{"a", &sum.a}, std::pair{"b", &sum.b}}) {
      const auto found =
          saved.provenance.value(key, nlohmann::json::object()).value("fingerprint", "");
      require(found == (*side)["fingerprint"],
              "{}: was observed on another model {} (fingerprint {}, expected {} of {})", file, key,
              found, (*side)["fingerprint"].get<std::string>(), (*side)["path"].get<std::string>());
    }
    const auto observed = saved.provenance.value("observed", nlohmann::json());
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

}  // namespace

void require_text(const AlignOptions& options) {
  if (!options.reads_text()) return;
  require(options.has_text() != !options.from_moments.empty(),
          "give either --text FILE, --task and --data, or --from-moments FILE ... to align on, or "
          "--method weights, which needs no text");
}

Alignment align_models(const Model& a, const Model& b, const AlignOptions& options,
                       const ComputeOptions& compute) {
  return align_models(Ensemble{{a}, {1.0}}, b, options, compute);
}

Alignment align_models(const Ensemble& ensemble, const Model& b, const AlignOptions& options,
                       const ComputeOptions& compute) {
  const Model a = mean_model(ensemble);
  require_same_architecture(a, b);
  const MatchOptions match_options = options.match_options(a.symmetries);
  const std::optional<std::string> method = options.closed_form();
  Observed observed = !options.observes() ? Observed{{}, identify(a), identify(b), nullptr}
                      : options.from_moments.empty()
                          ? observe_text(ensemble, b, options, match_options, compute)
                          : add_moments(a, b, options.from_moments);
  Alignment alignment;
  nlohmann::json learning;
  if (method) {
    Evidence evidence;
    evidence.moments = observed.moments;
    alignment = align(find_method(*method), a, b, evidence, {match_options, options.weights, {}},
                      {.threads = compute.thread_count()}, terminal_progress("solved"));
  } else {
    alignment = load_alignment(options.start);
    check_alignment(alignment, a, b, options.start);
  }
  if (options.learns()) {
    require(options.task.empty(), "--method learned reads --text FILE or --batches FILE");
    const std::filesystem::path& state = options.learning_state;
    if (!state.empty() && std::filesystem::exists(state)) {
      spdlog::info("going on from {}", state.string());
    }
    const LearnRequest request = options.learn_request();
    alignment =
        learn(a, b, alignment, request, state, training_log(), {.threads = compute.thread_count()});
    learning = request.provenance();
  }
  alignment.a = observed.a;
  alignment.b = observed.b;
  alignment.text = observed.text;
  alignment.options = options.provenance(match_options);
  if (options.learns()) alignment.options["learning"] = learning;
  if (!alignment.broken.empty()) {
    spdlog::warn("NOT a symmetry: {}; B' will not compute what B computes", alignment.broken);
  }
  for (const auto& [name, found] : alignment.axes) {
    if (found.applied) continue;
    spdlog::warn("{} is measured but not applied: its units lie on an axis that is tied to another",
                 name);
  }
  return alignment;
}

std::string alignment_table(const Alignment& alignment) {
  std::vector<std::vector<std::string>> rows = {
      {"axis", "units", "element", "mean", "unaligned", "condition", "seconds", ""}};
  for (const auto& [name, match] : alignment.axes) {
    const auto mean = [&](double sum) {
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

void check_alignment_b(const Alignment& alignment, const Model& b, const std::string& file) {
  const std::string found = fingerprint(b.parameters);
  const std::string expected = alignment.b.value("fingerprint", "");
  require(expected == found,
          "{}: was made for {} (fingerprint {}), but {} has fingerprint {}; align these models",
          file, alignment.b.value("path", "another model"), expected, b.folder.string(), found);
}

void check_alignment(const Alignment& alignment, const Model& a, const Model& b,
                     const std::string& file) {
  const std::string found = fingerprint(a.parameters);
  const std::string expected = alignment.a.value("fingerprint", "");
  require(expected == found,
          "{}: was made towards {} (fingerprint {}), but {} has fingerprint {}; align these models",
          file, alignment.a.value("path", "another model"), expected, a.folder.string(), found);
  check_alignment_b(alignment, b, file);
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
