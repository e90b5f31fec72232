#include "braid/study/work.h"

#include <fstream>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/connectivity/proved_models.h"
#include "braid/error.h"
#include "braid/tasks/sequence_stream.h"
#include "braid/text/lines.h"
#include "braid/text/train_vocabulary.h"
#include "braid/training/trained_folder.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// A state file beside the model, from which a killed run goes on.
fs::path state_of(const fs::path& out) { return out.string() + ".state.safetensors"; }

TrainingLog log_to(const JobContext& context) {
  return [&context](const TrainingPoint& point, std::int64_t steps) {
    context.progress(static_cast<double>(point.step) / static_cast<double>(steps));
  };
}

// By its name alone: what lies in the cache does not depend on where the cache is.
Json named(Json identity) {
  identity["path"] = fs::path(identity["path"].get<std::string>()).filename().string();
  return identity;
}

Listener listen_to(const JobContext& context) {
  Listener listener;
  listener.counting = [&context](const char*) {
    return [&context](std::string_view, std::int64_t done, std::int64_t total) {
      context.progress(static_cast<double>(done) /
                       static_cast<double>(std::max<std::int64_t>(total, 1)));
    };
  };
  listener.training = [&context] { return log_to(context); };
  return listener;
}

}  // namespace

void work_vocabulary(const StudyPretraining& pretraining, const fs::path& out) {
  const auto size = make_network(pretraining.config)->vocabulary_size();
  std::string words;
  for (const std::string& token : train_word_pieces(read_lines(pretraining.text), size)) {
    words += token + "\n";
  }
  write_file_atomically(out, words);
}

void work_pretrain(const StudyPretraining& pretraining, const fs::path& vocabulary,
                   std::uint64_t seed, const fs::path& out, const JobContext& context) {
  PretrainOptions options = pretraining.options;
  options.seed = seed;
  options.threads = context.threads;
  if (is_causal(pretraining.config)) {
    CausalRun run = read_causal_run(pretraining.config, pretraining.vocabulary, pretraining.text,
                                    pretraining.causal, options.block);
    const Pretrained trained =
        pretrain_causal(run.config, run.ids, run.valid, options, state_of(out), log_to(context));
    write_pretrained(out, run.config, run.tokenizer.files(), options, trained, at::kFloat, true);
    fs::remove(state_of(out));
    return;
  }
  const std::vector<std::string> tokens = read_vocabulary(vocabulary);
  const Pretrained trained =
      pretrain(pretraining.config, WordPiece::from_vocabulary(tokens), read_lines(pretraining.text),
               options, state_of(out), log_to(context));
  write_pretrained(out, pretraining.config, word_piece_files(tokens), options, trained, at::kFloat,
                   true);
  fs::remove(state_of(out));
}

void work_finetune(const fs::path& folder, const std::string& task_name,
                   const StudyFinetuning& finetuning, const fs::path& dev, const fs::path& out,
                   const JobContext& context) {
  const Model model = load_model(folder);
  const Task& task = find_task(task_name);
  const WordPiece tokenizer = WordPiece::from_folder(folder);
  const std::int64_t length = std::min(finetuning.max_length, model.network->max_positions());
  const auto load = [&](const fs::path& file, std::int64_t lines) {
    return encode(task, read_labelled_lines(task, file, lines), tokenizer, length);
  };
  FinetuneOptions options = finetuning.options;
  options.threads = context.threads;
  const Finetuned tuned = finetune(model, load(finetuning.data, finetuning.lines), load(dev, 0),
                                   options, state_of(out), log_to(context));
  write_finetuned(out, tuned, options, true);
  fs::remove(state_of(out));
}

void work_moments(const fs::path& a_folder, const fs::path& b_folder, AlignRequest request,
                  at::ScalarType precision, const std::vector<MomentsPlace>& places,
                  const JobContext& context) {
  const Model a = load_for_alignment(a_folder, request.canonicalise);
  const Model b = load_for_alignment(b_folder, request.canonicalise);
  require_same_architecture(a, b);
  std::set<std::string> taps;
  std::set<std::int64_t> sizes;
  for (const MomentsPlace& place : places) {
    if (fs::exists(place.file)) continue;
    taps.insert(place.tap);
    sizes.insert(place.size);
  }
  const auto save = [&](std::int64_t size, const MomentsByTap& moments, std::int64_t lines) {
    sizes.erase(size);
    const Json provenance = {{"a", named(identify(a))},
                             {"b", named(identify(b))},
                             {"text", {{"path", request.text_file()}, {"lines", lines}}}};
    for (const MomentsPlace& place : places) {
      if (place.size != size || fs::exists(place.file)) continue;
      save_moments(place.file, {{place.tap, moments.at(place.tap)}}, provenance);
    }
  };
  Observing observing{{taps.begin(), taps.end()}, {sizes.begin(), sizes.end()}, {}};
  std::erase(observing.sizes, 0);
  observing.at_size = [&](std::int64_t size, const MomentsByTap& moments) {
    save(size, moments, size);
  };
  request.lines = observing.sizes.empty() ? 0 : observing.sizes.back();
  const Observed whole =
      observe_text({{a}, {1.0}}, b, request, observing,
                   {.dtype = precision, .threads = context.threads}, listen_to(context));
  const std::int64_t lines = whole.text["lines"];
  if (sizes.contains(0)) save(0, whole.moments, lines);
  require(sizes.empty(), "{}: has {} lines, but sizes asks for {}", request.text_file(), lines,
          sizes.empty() ? 0 : *sizes.begin());
}

void work_align(const fs::path& a_folder, const fs::path& b_folder, AlignRequest request,
                at::ScalarType precision, const std::vector<MomentsPlace>& places,
                const fs::path& out, const JobContext& context) {
  const Model a = load_for_alignment(a_folder, request.canonicalise);
  const Model b = load_for_alignment(b_folder, request.canonicalise);
  Observed observed;
  for (const MomentsPlace& place : places) {
    SavedMoments saved = load_moments(place.file);
    observed.moments.merge(saved.moments);
    observed.text = saved.provenance.value("text", Json());
  }
  Listener listener;
  listener.training = listen_to(context).training;
  request.learning_state = state_of(out);
  Alignment alignment = align_observed(a, b, request, std::move(observed),
                                       {.dtype = precision, .threads = context.threads}, listener);
  alignment.a = named(alignment.a);
  alignment.b = named(alignment.b);
  save_alignment(out, alignment);
  fs::remove(request.learning_state);
}

void work_curve(const fs::path& a, const fs::path& b, const CurveRequest& request,
                at::ScalarType precision, const fs::path& out, const JobContext& context) {
  const Curve curve = trace(load_pair(a, b, request.alignment), request,
                            {.dtype = precision, .threads = context.threads}, listen_to(context));
  write_file_atomically(out, to_json(curve).dump(1) + "\n");
}

}  // namespace braid
