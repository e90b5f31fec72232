#include "braid/study/work.h"

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/connectivity/proved_models.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
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

// By its name alone: what lies in the cache does not depend on where the cache is.
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

}  // namespace

void work_vocabulary(const PretrainRequest& pretraining, const fs::path& out) {
  const auto size = make_network(pretraining.config)->vocabulary_size();
  for (const auto& [name, content] : new_tokenizer("train", pretraining.text, size)->files()) {
    if (name == "vocab.txt") write_file_atomically(out, content);
  }
}

void work_pretrain(const PretrainRequest& pretraining, const fs::path& vocabulary,
                   std::uint64_t seed, const fs::path& out, const JobContext& context) {
  PretrainRequest request = pretraining;
  request.vocabulary = vocabulary.string();
  request.options.seed = seed;
  request.options.compute.threads = context.threads;
  pretrain_folder(request, out, {at::kFloat, true}, {{}, log_to(context), {}});
}

void work_finetune(FinetuneRequest request, const fs::path& out, const JobContext& context) {
  request.options.compute.threads = context.threads;
  finetune_folder(request, out, {at::kFloat, true}, {{}, log_to(context), {}});
}

void work_moments(const fs::path& a_folder, const fs::path& b_folder, AlignRequest request,
                  const Compute& compute, const std::vector<MomentsPlace>& places,
                  const JobContext& context) {
  const Model a = request.load(a_folder);
  const Model b = request.load(b_folder);
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
  const Observed whole = observe_text({{a}, {1.0}}, b, request, observing,
                                      with_threads(compute, context), listen_to(context));
  const std::int64_t lines = whole.text["lines"];
  if (sizes.contains(0)) save(0, whole.moments, lines);
  require(sizes.empty(), "{}: has {} lines, but sizes asks for {}", request.text_file(), lines,
          sizes.empty() ? 0 : *sizes.begin());
}

void work_align(const fs::path& a_folder, const fs::path& b_folder, AlignRequest request,
                const Compute& compute, const std::vector<MomentsPlace>& places,
                const fs::path& out, const JobContext& context) {
  const Model a = request.load(a_folder);
  const Model b = request.load(b_folder);
  Observed observed;
  for (const MomentsPlace& place : places) {
    SavedMoments saved = load_moments(place.file);
    observed.moments.merge(saved.moments);
    observed.text = saved.provenance.value("text", Json());
  }
  Listener listener;
  listener.training = listen_to(context).training;
  request.learning_state = training_state(out);
  Alignment alignment =
      align_observed(a, b, request, std::move(observed), with_threads(compute, context), listener);
  alignment.a = named(alignment.a);
  alignment.b = named(alignment.b);
  save_alignment(out, alignment);
  fs::remove(request.learning_state);
}

void work_curve(const fs::path& a, const fs::path& b, const CurveRequest& request,
                const Compute& compute, const fs::path& out, const JobContext& context) {
  const Curve curve = trace(load_pair(a, b, request.alignment), request,
                            with_threads(compute, context), listen_to(context));
  write_file_atomically(out, to_text(to_json(curve), 1) + "\n");
}

}  // namespace braid
