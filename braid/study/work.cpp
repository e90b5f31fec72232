#include "braid/study/work.h"

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/connectivity/proved_models.h"
#include "braid/error.h"
#include "braid/tasks/sequence_stream.h"
#include "braid/text/new_tokenizer.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

TrainingLog log_to(const JobContext& context) {
  return [&context](const TrainingPoint& point, std::int64_t steps) {
    context.progress(static_cast<double>(point.step) / static_cast<double>(steps));
  };
}

Json identify(const Model& model) {
  return {{"path", model.folder.filename().string()},
          {"fingerprint", fingerprint(model.parameters)}};
}

}  // namespace

void work_vocabulary(const PretrainRequest& pretraining, const fs::path& out) {
  const auto size = config_size(pretraining.config, "vocab_size", 30522);
  for (const auto& [name, content] : new_tokenizer("train", pretraining.text, size)->files()) {
    if (name == "vocab.txt") write_file_atomically(out, content);
  }
}

void work_pretrain(const PretrainRequest& pretraining, const fs::path& vocabulary,
                   std::uint64_t seed, const fs::path& out, const JobContext& context) {
  PretrainRequest request = pretraining;
  request.vocabulary = vocabulary.string();
  request.options.seed = seed;
  request.options.threads = context.threads;
  pretrain_folder(request, out, {at::kFloat, true}, {{}, log_to(context), {}});
}

void work_finetune(const fs::path& folder, const std::string& task,
                   const StudyFinetuning& finetuning, const fs::path& dev, const fs::path& out,
                   const JobContext& context) {
  FinetuneRequest request{folder,
                          task,
                          finetuning.data.string(),
                          dev.string(),
                          finetuning.max_length,
                          finetuning.lines,
                          finetuning.options};
  request.options.threads = context.threads;
  finetune_folder(request, out, {at::kFloat, true}, {{}, log_to(context), {}});
}

void work_moments(const fs::path& a_folder, const fs::path& b_folder, const StudyText& text,
                  const AlignRequest& request, at::ScalarType precision,
                  const std::vector<MomentsPlace>& places, const JobContext& context) {
  const Model a = load_for_alignment(a_folder, request.canonicalise);
  const Model b = load_for_alignment(b_folder, request.canonicalise);
  require_same_architecture(a, b);
  const auto tokenizer = load_tokenizer(a_folder);
  require_same_vocabulary(*tokenizer, a_folder.string(), *load_tokenizer(b_folder),
                          b_folder.string());
  ObserveOptions options = request.observe_options(tokenizer->marks());
  options.precision = precision;
  options.threads = context.threads;
  std::set<std::string> taps;
  std::set<std::int64_t> sizes;
  for (const MomentsPlace& place : places) {
    if (fs::exists(place.file)) continue;
    taps.insert(place.tap);
    sizes.insert(place.size);
  }
  options.taps = {taps.begin(), taps.end()};
  options.sizes = {sizes.begin(), sizes.end()};
  std::erase(options.sizes, 0);
  const std::int64_t limit = options.sizes.empty() ? 0 : options.sizes.back();
  const Task* task = text.task.empty() ? nullptr : &find_task(text.task);
  const auto stream = open_sequences({text.file, task, false, text.blocks,
                                      std::min(text.max_length, a.network->max_positions()), limit},
                                     *tokenizer);
  const auto save = [&](std::int64_t size, const MomentsByTap& moments) {
    sizes.erase(size);
    const Json provenance = {
        {"a", identify(a)},
        {"b", identify(b)},
        {"text", {{"path", text.file.string()}, {"lines", stream->sequences()}}}};
    for (const MomentsPlace& place : places) {
      if (place.size != size || fs::exists(place.file)) continue;
      save_moments(place.file, {{place.tap, moments.at(place.tap)}}, provenance);
    }
  };
  const MomentsByTap whole = observe(
      a, b, [&] { return stream->next(); }, options,
      [&](std::int64_t) {
        context.progress(static_cast<double>(stream->done()) /
                         static_cast<double>(std::max<std::int64_t>(stream->total(), 1)));
      },
      save);
  if (sizes.contains(0)) save(0, whole);
  require(sizes.empty(), "{}: has {} lines, but sizes asks for {}", text.file.string(),
          stream->sequences(), sizes.empty() ? 0 : *sizes.begin());
}

void work_align(const fs::path& a_folder, const fs::path& b_folder, const StudyVariant& variant,
                const StudyText& on, const std::vector<MomentsPlace>& places, const fs::path& out,
                const JobContext& context) {
  AlignRequest request = variant.align;
  request.max_length = on.max_length;  // as its moments were read
  request.blocks = on.blocks;
  const Model a = load_for_alignment(a_folder, request.canonicalise);
  const Model b = load_for_alignment(b_folder, request.canonicalise);
  const MatchOptions options = request.match_options(a.symmetries);
  MomentsByTap moments;
  Json text;
  for (const MomentsPlace& place : places) {
    SavedMoments saved = load_moments(place.file);
    moments.merge(saved.moments);
    text = saved.provenance.value("text", Json());
  }
  Alignment alignment =
      align(a, b, *request.closed_form(), moments, options, request.weights, context.threads);
  Json learning;
  const fs::path state = training_state(out);
  if (request.learns()) {
    LearnRequest learn_on = variant.learning;
    learn_on.text = on.file;
    learn_on.options.threads = context.threads;
    alignment = learn(a, b, alignment, learn_on, state, log_to(context)).alignment;
    learning = learn_on.provenance();
  }
  alignment.a = identify(a);
  alignment.b = identify(b);
  alignment.text = text;
  alignment.options = request.provenance(options);
  if (request.learns()) alignment.options["learning"] = learning;
  save_alignment(out, alignment);
  fs::remove(state);
}

void work_curve(const fs::path& a_folder, const fs::path& b_folder, const fs::path& alignment_file,
                const StudyTask& task, Decoder decoder, std::int64_t points,
                at::ScalarType precision, const fs::path& out, const JobContext& context) {
  std::optional<Alignment> alignment;
  if (!alignment_file.empty()) alignment = load_alignment(alignment_file);
  const bool canonical = alignment && is_canonical(*alignment);
  const Model a = load_for_alignment(a_folder, canonical);
  const Model b = load_for_alignment(b_folder, canonical);
  require_same_architecture(a, b);
  Transform transform;
  Symmetries symmetries = b.symmetries;
  std::string broken;
  if (alignment) {
    transform = alignment->transform();
    symmetries = table_of(b, alignment->ablation);
    broken = alignment->broken;
  }
  if (decoder == Decoder::released) {
    broken += std::string(broken.empty() ? "" : "; ") + "the decoder is permuted the wrong way";
  }
  const Examples text = task.score.load(a);
  check_examples(b, text);
  const Path path = make_path(a, b, transform, symmetries, decoder, precision);
  const Curve curve =
      trace(path, text, points, context.threads,
            [&](std::string_view, std::int64_t done, std::int64_t total) {
              context.progress(static_cast<double>(done) / static_cast<double>(total));
            });
  if (broken.empty()) require_exact_end(curve, precision);
  Json json = to_json(curve);
  json["end_error"] = curve.end_error();
  json["exact"] = broken.empty();
  json["broken"] = broken;
  write_file_atomically(out, json.dump(1) + "\n");
}

}  // namespace braid
