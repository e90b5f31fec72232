#include "braid/study/plan.h"

#include <algorithm>
#include <memory>

#include "braid/error.h"
#include "braid/models/identity.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Increase it when a job's result changes for the same key.
constexpr int cache_version = 3;

// A model on disk or to be trained: its key, its folder, the jobs that make it.
struct Source {
  std::string key;
  fs::path folder;
  std::vector<std::size_t> needs;
  // Known before the model exists.
  Json config;
  const Family* family = nullptr;
  Architecture architecture;
};

using Pair = std::pair<const Source&, const Source&>;

std::vector<std::size_t> needs_of(const Pair& pair, std::initializer_list<std::size_t> more = {}) {
  std::vector<std::size_t> needs = more;
  for (const Source* source : {&pair.first, &pair.second}) {
    needs.insert(needs.end(), source->needs.begin(), source->needs.end());
  }
  return needs;
}

// The start of a job's key.
Json key_of(const char* kind) { return {{"kind", kind}, {"version", cache_version}}; }

class Planner {
 public:
  Planner(const Study& study, const Cache& cache) : study_(study), cache_(cache) {}

  Plan plan() {
    for (const StudyModel& model : study_.models) {
      models_.push_back(model.folder.empty() ? pretrained(model) : loaded(model.folder));
    }
    for (const Source& source : models_) plan_.model_keys.push_back(source.key);
    for (std::size_t t = 0; t < study_.tasks.size(); ++t) {
      for (std::size_t p = 0; p < study_.pairs.size(); ++p) add_pair(t, p);
    }
    return std::move(plan_);
  }

 private:
  // Adds a job unless one with its key exists; returns its index.
  template <typename Work>
  std::size_t add(const Work& work, const std::string& label, const std::string& key,
                  std::vector<std::size_t> needs, double cost) {
    const auto [found, added] = by_key_.emplace(Work::kind + key, plan_.jobs.size());
    if (!added) return found->second;
    const auto shared = std::make_shared<const Work>(work);
    Job job{Work::kind,
            label,
            key,
            std::move(needs),
            std::max(cost, 1.0),
            Work::is_result,
            [shared] { return shared->done(); },
            [shared](const JobContext& context) { shared->run(context); }};
    if constexpr (requires { work.drop(); }) job.drop = [shared] { shared->drop(); };
    plan_.jobs.push_back(std::move(job));
    return found->second;
  }

  const std::string& file(const fs::path& path) {
    auto& key = files_[path.string()];
    if (key.empty()) key = file_key(path);
    return key;
  }

  // Estimated tokens of a text, at four bytes each.
  static double tokens(const fs::path& path, std::int64_t lines, std::int64_t per_line = 24) {
    const double all = static_cast<double>(fs::file_size(path)) / 4;
    return lines > 0 ? std::min(all, static_cast<double>(lines * per_line)) : all;
  }

  static Source loaded(const fs::path& folder) {
    const Model model = load_model(folder);
    Json identity = identify(model);
    identity.erase("path");
    return {cache_key(identity), folder, {}, model.config, model.family, architecture_of(model)};
  }

  // Key of the vocabulary (a folder, a file, or learnt by a job), and the job that learns it.
  std::pair<std::string, std::vector<std::size_t>> vocabulary(PretrainRequest& p) {
    if (p.vocabulary != "train") {
      const bool folder = fs::is_directory(p.vocabulary);
      return {folder ? tokenizer_fingerprint(p.vocabulary) : file(p.vocabulary), {}};
    }
    Json inputs = key_of(VocabularyWork::kind);
    inputs["text"] = file(p.text);
    inputs["size"] = p.config.at("vocab_size");
    const std::string key = cache_key(inputs);
    const VocabularyWork work{p, cache_.place("vocabularies", key, ".txt")};
    p.vocabulary = work.out.string();
    return {key, {add(work, "vocabulary", key, {}, tokens(p.text, 0) / 10)}};
  }

  Source pretrained(const StudyModel& model) {
    PretrainWork work{*study_.pretraining, {}};
    PretrainRequest& p = work.request;
    p.options.seed = model.seed;
    Json inputs = key_of(PretrainWork::kind);
    inputs["config"] = p.config;
    inputs["text"] = file(p.text);
    inputs["options"] = options_of(p).values({Use::result});
    for (const std::string& path : {p.valid, p.restrict_to}) {
      inputs["files"].push_back(path.empty() ? "" : file(path));
    }
    const auto [reader, needs] = vocabulary(p);
    inputs["vocabulary"] = reader;
    const std::string key = cache_key(inputs);
    work.out = cache_.place("models", key);
    const PretrainOptions& o = p.options;
    const double cost = 3 * static_cast<double>(o.steps * o.batch_size * o.block);
    const std::size_t job = add(work, "seed " + model.name, key, needs, cost);
    const Family& family = find_family(p.config, "config.json");
    const Parts parts = new_parts(family, family.class_with(Predicts::token), p.config);
    return {key, work.out, {job}, p.config, &family, architecture_of(family, p.config, parts)};
  }

  Source finetuned(std::size_t m, const StudyTask& task) {
    const Source& start = models_[m];
    FinetuneWork work{*task.finetuning, {}};
    FinetuneRequest& f = work.request;
    Json inputs = key_of(FinetuneWork::kind);
    inputs["start"] = start.key;
    inputs["data"] = file(f.data);
    inputs["dev"] = file(f.dev);
    inputs["options"] = options_of(f).values({Use::result});
    f.checkpoint = start.folder;
    const std::string key = cache_key(inputs);
    work.out = cache_.place("models", key);
    const std::size_t job = add(work, task.name + ", model " + study_.models[m].name, key,
                                start.needs, 3 * f.options.epochs * tokens(f.data, f.lines));
    Json config = start.config;
    config["num_labels"] = find_task(task.name).outputs();
    config.erase("id2label");
    const Parts parts = new_parts(*start.family, start.family->class_with(Predicts::label), config);
    return {key,    work.out,     {job},
            config, start.family, architecture_of(*start.family, config, parts)};
  }

  // A variant's alignment on the first `size` lines of a task's text (0 = all).
  static AlignPlan align_plan(const StudyVariant& variant, const StudyTask& task, const Source& a,
                              std::int64_t size) {
    AlignRequest request = variant.align;
    request.task = task.align.task;
    (request.task.empty() ? request.text : request.data) = task.align.file.string();
    request.max_length = task.align.max_length;
    request.blocks = task.align.blocks;
    request.lines = size;
    return resolve(request, a.architecture);
  }

  void add_pair(std::size_t t, std::size_t p) {
    const StudyTask& task = study_.tasks[t];
    const auto [first, second] = study_.pairs[p];
    const Source a = task.finetuning ? finetuned(first, task) : models_[first];
    const Source b = task.finetuning ? finetuned(second, task) : models_[second];
    const Pair pair{a, b};
    const std::string name =
        study_.models[first].name + "-" + study_.models[second].name + ", " + task.name;
    // Variants that read the text in the same way share one observation.
    std::map<std::string, std::pair<AlignPlan, std::set<std::string>>> observations;
    std::vector<std::string> features(study_.variants.size());
    for (std::size_t v = 0; v < study_.variants.size(); ++v) {
      if (!study_.variants[v].aligned) continue;
      const AlignPlan plan = align_plan(study_.variants[v], task, a, 0);
      features[v] = cache_key(features_json(plan, study_.compute));
      if (!plan.observes()) continue;
      const auto observation = observations.try_emplace(features[v], plan, std::set<std::string>());
      observation.first->second.second.insert(plan.taps.begin(), plan.taps.end());
    }
    std::map<std::string, std::size_t> observed;
    for (const auto& [key, observation] : observations) {
      observed[key] = add_moments(pair, task, observation.first, key, observation.second, name);
    }
    for (std::size_t v = 0; v < study_.variants.size(); ++v) {
      if (!study_.variants[v].aligned) {
        add_curve(pair, t, p, v, 0, {}, name);
        continue;
      }
      for (const std::int64_t size : study_.sizes) {
        const std::string label = name + ", " + study_.variants[v].name;
        const AlignPlan plan = align_plan(study_.variants[v], task, a, size);
        const auto moments = observed.find(features[v]);
        std::vector<std::size_t> needs;
        if (plan.observes()) needs.push_back(moments->second);
        add_curve(pair, t, p, v, size, add_alignment(pair, task, plan, features[v], needs, label),
                  name);
      }
    }
  }

  std::vector<MomentsPlace> places(const Pair& pair, const StudyTask& task,
                                   const std::string& features, const auto& taps,
                                   const std::vector<std::int64_t>& sizes) {
    std::vector<MomentsPlace> places;
    for (const std::string& tap : taps) {
      for (const std::int64_t size : sizes) {
        Json inputs = key_of(MomentsWork::kind);
        inputs.update({{"a", pair.first.key},
                       {"b", pair.second.key},
                       {"text", file(task.align.file)},
                       {"how", features},
                       {"tap", tap},
                       {"size", size}});
        places.push_back({tap, size, cache_.place("moments", cache_key(inputs), ".safetensors")});
      }
    }
    return places;
  }

  static Json names_of(const std::vector<MomentsPlace>& places) {
    Json names = Json::array();
    for (const MomentsPlace& place : places) names.push_back(place.file.filename().string());
    return names;
  }

  std::size_t add_moments(const Pair& pair, const StudyTask& task, const AlignPlan& plan,
                          const std::string& features, const std::set<std::string>& taps,
                          const std::string& label) {
    const MomentsWork work{pair.first.folder, pair.second.folder, plan, study_.compute,
                           places(pair, task, features, taps, study_.sizes)};
    return add(work, label, cache_key(names_of(work.places)), needs_of(pair),
               4 * tokens(task.align.file, study_.sizes.back()));
  }

  // Adds the job of an alignment; returns its key and index.
  std::pair<std::string, std::size_t> add_alignment(const Pair& pair, const StudyTask& task,
                                                    const AlignPlan& plan,
                                                    const std::string& features,
                                                    const std::vector<std::size_t>& moments,
                                                    const std::string& label) {
    AlignWork work{pair.first.folder,
                   pair.second.folder,
                   plan,
                   study_.compute,
                   places(pair, task, features, plan.taps, {plan.lines}),
                   {}};
    Json inputs = key_of(AlignWork::kind);
    inputs["models"] = {pair.first.key, pair.second.key};
    inputs["moments"] = names_of(work.places);
    inputs["options"] = result_json(plan, study_.compute);
    inputs["options"].erase("preset");  // the options that it sets are in the key
    if (plan.learns()) inputs["text"] = file(task.align.file);
    const std::string key = cache_key(inputs);
    work.out = cache_.place("alignments", key, ".json");
    std::vector<std::size_t> needs = needs_of(pair);
    needs.insert(needs.begin(), moments.begin(), moments.end());
    const TrainingText& l = plan.learning_text;
    const auto step_tokens = static_cast<double>(l.masking.batch_size * l.block.value_or(64));
    const double learning =
        plan.learns() ? 4.0 * static_cast<double>(plan.options.learning.steps) * step_tokens : 0;
    return {key, add(work, label, key, needs, 2000 + learning)};
  }

  void add_curve(const Pair& pair, std::size_t t, std::size_t p, std::size_t v, std::int64_t size,
                 const std::pair<std::string, std::size_t>& alignment, const std::string& label) {
    const StudyTask& task = study_.tasks[t];
    const StudyVariant& variant = study_.variants[v];
    CurveWork work{pair.first.folder, pair.second.folder, variant.curve, study_.compute, {}};
    CurveRequest& request = work.request;
    request.score = task.score;
    request.points = study_.points;
    const ScoreRequest& score = task.score;
    Json inputs = key_of(CurveWork::kind);
    inputs["a"] = pair.first.key;
    inputs["b"] = pair.second.key;
    inputs["alignment"] = alignment.first;
    inputs["data"] = file(score.file());
    inputs["score"] = result_json(score);
    inputs["curve"] = options_of(request).values({Use::result});
    inputs["compute"] = options_of(work.compute).values({Use::features});
    const std::string key = cache_key(inputs);
    work.out = cache_.place("curves", key, ".json");
    std::vector<std::size_t> needs = needs_of(pair);
    if (!alignment.first.empty()) {
      request.alignment = cache_.place("alignments", alignment.first, ".json").string();
      needs.push_back(alignment.second);
    }
    add(work, label + ", " + variant.name + (size ? fmt::format(", {} lines", size) : ""), key,
        needs, static_cast<double>(study_.points + 2) * tokens(score.file(), score.lines));
    plan_.curves.push_back({p, t, v, size, key, alignment.first});
  }

  const Study& study_;
  const Cache& cache_;
  Plan plan_;
  std::vector<Source> models_;
  std::map<std::string, std::size_t> by_key_;
  std::map<std::string, std::string> files_;
};

}  // namespace

std::vector<std::size_t> Plan::pending() const {
  std::vector<bool> wanted(jobs.size());
  for (std::size_t i = jobs.size(); i-- > 0;) {  // backwards: needs precede their jobs
    wanted[i] = (wanted[i] || jobs[i].is_result) && !jobs[i].done();
    if (!wanted[i]) continue;
    for (const std::size_t need : jobs[i].needs) wanted[need] = true;
  }
  std::vector<std::size_t> pending;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (wanted[i]) pending.push_back(i);
  }
  return pending;
}

Plan make_plan(const Study& study, const Cache& cache) { return Planner(study, cache).plan(); }

}  // namespace braid
