#include "braid/study/work.h"

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/models/identity.h"
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

// With only the folder's name, so that cached files do not depend on where the cache is.
Json named(Json identity) {
  identity["path"] = fs::path(identity["path"].get<std::string>()).filename().string();
  return identity;
}

Compute with_threads(Compute compute, const JobContext& context) {
  compute.threads = context.threads;
  return compute;
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

bool is_checkpoint(const fs::path& folder) { return fs::exists(folder / "config.json"); }

}  // namespace

bool VocabularyWork::done() const { return fs::exists(out); }
void VocabularyWork::run(const JobContext&) const {
  const auto size = make_network(request.config)->vocabulary_size();
  for (const auto& [name, content] : new_tokenizer("train", request.text, size)->files()) {
    if (name == "vocab.txt") write_file_atomically(out, content);
  }
}

bool PretrainWork::done() const { return is_checkpoint(out); }
void PretrainWork::run(const JobContext& context) const {
  PretrainRequest threaded = request;
  threaded.options.compute.threads = context.threads;
  pretrain_folder(threaded, out, {at::kFloat, true}, {{}, log_to(context), {}});
}

bool FinetuneWork::done() const { return is_checkpoint(out); }
void FinetuneWork::run(const JobContext& context) const {
  FinetuneRequest threaded = request;
  threaded.options.compute.threads = context.threads;
  finetune_folder(threaded, out, {at::kFloat, true}, {{}, log_to(context), {}});
}

bool MomentsWork::done() const {
  return std::all_of(places.begin(), places.end(),
                     [](const MomentsPlace& place) { return fs::exists(place.file); });
}
void MomentsWork::drop() const {
  for (const MomentsPlace& place : places) fs::remove(place.file);
}
void MomentsWork::run(const JobContext& context) const {
  const Model model_a = plan.load(a), model_b = plan.load(b);
  std::set<std::string> taps;
  std::set<std::int64_t> sizes;
  for (const MomentsPlace& place : places) {
    if (fs::exists(place.file)) continue;
    taps.insert(place.tap);
    sizes.insert(place.size);
  }
  const auto save = [&](std::int64_t size, const MomentsByTap& moments, std::int64_t lines) {
    sizes.erase(size);
    const Json provenance = {{"a", named(identify(model_a))},
                             {"b", named(identify(model_b))},
                             {"text", {{"path", plan.text_file()}, {"lines", lines}}}};
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
  AlignPlan reading = plan;
  reading.lines = observing.sizes.empty() ? 0 : observing.sizes.back();
  const Observed whole = observe_text({{model_a}, {1.0}}, model_b, reading, observing,
                                      with_threads(compute, context), listen_to(context));
  const std::int64_t lines = whole.text["lines"];
  if (sizes.contains(0)) save(0, whole.moments, lines);
  require(sizes.empty(), "{}: has {} lines, but sizes requires {}", plan.text_file(), lines,
          sizes.empty() ? 0 : *sizes.begin());
}

bool AlignWork::done() const { return fs::exists(out); }
void AlignWork::run(const JobContext& context) const {
  const Model model_a = plan.load(a), model_b = plan.load(b);
  Observed observed;
  for (const MomentsPlace& place : places) {
    SavedMoments saved = load_moments(place.file);
    observed.moments.merge(saved.moments);
    observed.text = saved.provenance.value("text", Json());
  }
  Listener listener;
  listener.training = listen_to(context).training;
  AlignPlan resumable = plan;
  resumable.learning_state = training_state(out);
  Alignment alignment = align_observed(model_a, model_b, resumable, std::move(observed),
                                       with_threads(compute, context), listener);
  alignment.a = named(alignment.a);
  alignment.b = named(alignment.b);
  save_alignment(out, alignment);
  fs::remove(resumable.learning_state);
}

bool CurveWork::done() const { return fs::exists(out); }
void CurveWork::run(const JobContext& context) const {
  const Curve curve = trace(load_pair(a, b, request.alignment), request,
                            with_threads(compute, context), listen_to(context));
  write_file_atomically(out, to_text(to_json(curve), 1) + "\n");
}

}  // namespace braid
