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

Json identify(const Model& model) {
  return {{"path", model.folder.filename().string()},
          {"fingerprint", fingerprint(model.parameters)}};
}

}  // namespace

void work_vocabulary(const StudyPretraining& pretraining, const fs::path& out) {
  const auto size = config_size(pretraining.config, "vocab_size", 30522);
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

void work_moments(const fs::path& a_folder, const fs::path& b_folder, const StudyText& text,
                  const AlignRequest& request, at::ScalarType precision,
                  const std::vector<MomentsPlace>& places, const JobContext& context) {
  const Model a = load_for_alignment(a_folder, request.canonicalise);
  const Model b = load_for_alignment(b_folder, request.canonicalise);
  require_same_architecture(a, b);
  const auto tokenizer = load_tokenizer(a_folder);
  require_same_vocabulary(*tokenizer, a_folder.string(), *load_tokenizer(b_folder),
                          b_folder.string());
  ObserveOptions options = request.observe_options(tokenizer->sequence_marks());
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
  SequenceStream stream(text.file, text.task.empty() ? nullptr : &find_task(text.task), *tokenizer,
                        std::min(text.max_length, a.network->max_positions()), limit, text.blocks);
  const auto save = [&](std::int64_t size, const MomentsByTap& moments) {
    sizes.erase(size);
    const Json provenance = {
        {"a", identify(a)},
        {"b", identify(b)},
        {"text", {{"path", text.file.string()}, {"lines", stream.sequences()}}}};
    for (const MomentsPlace& place : places) {
      if (place.size != size || fs::exists(place.file)) continue;
      save_moments(place.file, {{place.tap, moments.at(place.tap)}}, provenance);
    }
  };
  const MomentsByTap whole = observe(
      a, b, [&] { return stream.next(); }, options,
      [&](std::int64_t) {
        context.progress(static_cast<double>(stream.done()) /
                         static_cast<double>(std::max<std::int64_t>(stream.total(), 1)));
      },
      save);
  if (sizes.contains(0)) save(0, whole);
  require(sizes.empty(), "{}: has {} lines, but sizes asks for {}", text.file.string(),
          stream.sequences(), sizes.empty() ? 0 : *sizes.begin());
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
  Evidence evidence;
  evidence.moments = std::move(moments);
  Alignment alignment = align(find_method(*request.closed_form()), a, b, evidence,
                              {options, request.weights, {}}, {.threads = context.threads});
  Json learning;
  const fs::path state = state_of(out);
  if (request.learns()) {
    LearnRequest learn_on = variant.learning;
    learn_on.text = on.file;
    alignment =
        learn(a, b, alignment, learn_on, state, log_to(context), {.threads = context.threads});
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
  const ScoredText text = task.score.load(a);
  check_text(b, text);
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
