#include "braid/study/plan.h"

#include <algorithm>

#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"
#include "braid/study/work.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Changes whenever a job's result would change for the same key.
constexpr int cache_version = 2;

// A model on disk or to be made: its key, its folder, the job that makes it.
struct Source {
  std::string key;
  fs::path folder;
  std::vector<std::size_t> needs;
  // Of the model, or of what it will be.
  Json config;
  const Family* family = nullptr;
  Parts parts;

  // What a variant aligns: the canonical form, where it asks for it.
  Symmetries symmetries(const AlignRequest& request) const {
    Parts aligned = parts;
    aligned.unit_gains |= request.canonicalises(family->title);
    return family->describe(config, aligned);
  }
};

class Planner {
 public:
  Planner(const Study& study, const Cache& cache) : study_(study), cache_(cache) {}

  Plan plan() {
    for (std::size_t i = 0; i < study_.models.size(); ++i) models_.push_back(model(i));
    for (const Source& source : models_) plan_.model_keys.push_back(source.key);
    for (std::size_t t = 0; t < study_.tasks.size(); ++t) {
      for (std::size_t p = 0; p < study_.pairs.size(); ++p) add_pair(t, p);
    }
    return std::move(plan_);
  }

 private:
  // Adds a job unless one with its key is there.
  std::size_t add(Job job, double cost) {
    const auto [found, added] = by_key_.emplace(job.kind + job.key, plan_.jobs.size());
    if (!added) return found->second;
    job.cost = std::max(cost, 1.0);
    plan_.jobs.push_back(std::move(job));
    return found->second;
  }

  static Json key_of(const std::string& kind) {
    return {{"kind", kind}, {"version", cache_version}};
  }

  const std::string& file(const fs::path& path) {
    auto& key = files_[path.string()];
    if (key.empty()) key = file_key(path);
    return key;
  }

  // About the tokens of a text: four bytes each.
  double tokens(const fs::path& path, std::int64_t lines, std::int64_t a_line = 24) {
    const double all = static_cast<double>(fs::file_size(path)) / 4;
    return lines > 0 ? std::min(all, static_cast<double>(lines * a_line)) : all;
  }

  Source model(std::size_t i) {
    const StudyModel& m = study_.models[i];
    Source source;
    if (!m.folder.empty()) {
      const Model loaded = load_model(m.folder);
      source.key =
          cache_key({{"model", fingerprint(loaded.parameters)}, {"config", loaded.config}});
      source.folder = m.folder;
      source.config = loaded.config;
      source.family = loaded.family;
      source.parts = loaded.parts;
      return source;
    }
    const PretrainRequest& p = *study_.pretraining;
    const PretrainOptions& o = p.options;
    fs::path vocabulary = p.vocabulary;
    std::string vocabulary_key;
    std::vector<std::size_t> needs;
    if (fs::is_directory(p.vocabulary)) {
      for (const char* name : {"vocab.json", "merges.txt", "tokenizer.json", "vocab.txt"}) {
        const fs::path part = fs::path(p.vocabulary) / name;
        if (fs::exists(part)) vocabulary_key += file(part);
      }
    } else if (p.vocabulary == "train") {
      Json what = key_of("vocabulary");
      what["text"] = file(p.text);
      what["size"] = p.config.at("vocab_size");
      vocabulary_key = cache_key(what);
      vocabulary = cache_.place("vocabularies", vocabulary_key, ".txt");
      Job job{"vocabulary",
              "vocabulary",
              vocabulary_key,
              {},
              1,
              false,
              [vocabulary] { return fs::exists(vocabulary); },
              [&p, vocabulary](const JobContext&) { work_vocabulary(p, vocabulary); }};
      needs = {add(std::move(job), tokens(p.text, 0) / 10)};
    } else {
      vocabulary_key = file(p.vocabulary);
    }
    Json what = key_of("pretrain");
    what["config"] = p.config;
    what["vocabulary"] = vocabulary_key;
    what["text"] = file(p.text);
    PretrainRequest keyed = p;
    keyed.options.seed = m.seed;
    what["options"] = options_of(keyed).values({Use::result});
    for (const std::string& path : {p.valid, p.restrict_to}) {
      what["files"].push_back(path.empty() ? "" : file(path));
    }
    source.key = cache_key(what);
    source.folder = cache_.place("models", source.key);
    source.config = p.config;
    source.family = &find_family(p.config, "config.json");
    source.parts = {source.family->class_with(Predicts::token).parts};
    const fs::path out = source.folder;
    Job job{"pretrain",
            "seed " + m.name,
            source.key,
            needs,
            1,
            false,
            [out] { return fs::exists(out / "config.json"); },
            [&p, vocabulary, out, seed = m.seed](const JobContext& context) {
              work_pretrain(p, vocabulary, seed, out, context);
            }};
    source.needs = {add(std::move(job), 3 * static_cast<double>(o.steps * o.batch_size * o.block))};
    return source;
  }

  Source finetuned(std::size_t m, const StudyTask& task) {
    const Source& start = models_[m];
    FinetuneRequest f = *task.finetuning;
    Json what = key_of("finetune");
    what["start"] = start.key;
    what["data"] = file(f.data);
    what["dev"] = file(f.dev);
    what["options"] = options_of(f).values({Use::result});
    f.checkpoint = start.folder;
    Source source;
    source.key = cache_key(what);
    source.folder = cache_.place("models", source.key);
    source.config = start.config;
    source.config["num_labels"] = find_task(task.name).outputs();
    source.config.erase("id2label");
    source.family = start.family;
    source.parts = {source.family->class_with(Predicts::label).parts};
    const fs::path out = source.folder;
    Job job{"finetune",
            task.name + ", model " + study_.models[m].name,
            source.key,
            start.needs,
            1,
            false,
            [out] { return fs::exists(out / "config.json"); },
            [f, out](const JobContext& context) { work_finetune(f, out, context); }};
    source.needs = {add(std::move(job), 3 * f.options.epochs * tokens(f.data, f.lines))};
    return source;
  }

  // The taps that a variant reads of these models.
  static std::vector<std::string> taps(const StudyVariant& variant, const Source& source) {
    if (!variant.align.observes()) return {};
    const Symmetries symmetries = source.symmetries(variant.align);
    return taps_to_observe(symmetries, variant.align.resolved(symmetries).method_options().match);
  }

  // A variant's alignment on the first `size` lines of a task's text (0 = all).
  static AlignRequest variant_request(const StudyVariant& variant, const StudyTask& task,
                                      std::int64_t size) {
    AlignRequest request = variant.align;
    request.task = task.align.task;
    (request.task.empty() ? request.text : request.data) = task.align.file;
    request.max_length = task.align.max_length;
    request.blocks = task.align.blocks;
    request.lines = size;
    return request;
  }

  void add_pair(std::size_t t, std::size_t p) {
    const StudyTask& task = study_.tasks[t];
    const auto [first, second] = study_.pairs[p];
    const Source a = task.finetuning ? finetuned(first, task) : models_[first];
    const Source b = task.finetuning ? finetuned(second, task) : models_[second];
    const std::string name =
        study_.models[first].name + "-" + study_.models[second].name + ", " + task.name;
    // One observation serves every variant that reads the text in the same way.
    std::map<std::string, std::pair<AlignRequest, std::set<std::string>>> observations;
    for (const StudyVariant& variant : study_.variants) {
      if (!variant.aligned) continue;
      const AlignRequest asked = variant_request(variant, task, 0);
      auto& [request, names] = observations[how(asked)];
      request = asked;
      for (const std::string& tap : taps(variant, a)) names.insert(tap);
    }
    std::map<std::string, std::size_t> observed;
    for (const auto& [key, observation] : observations) {
      observed[key] = add_moments(a, b, task, observation.first, observation.second, name);
    }
    for (std::size_t v = 0; v < study_.variants.size(); ++v) {
      const StudyVariant& variant = study_.variants[v];
      if (!variant.aligned) {
        add_curve(a, b, t, p, v, 0, {}, name);
        continue;
      }
      for (const std::int64_t size : study_.sizes) {
        const std::size_t moments = observed.at(how(variant_request(variant, task, 0)));
        add_curve(a, b, t, p, v, size, add_alignment(a, b, task, variant, size, moments, name),
                  name);
      }
    }
  }

  // What moments depend on, but the models and the text.
  std::string how(const AlignRequest& request) const {
    return cache_key(features_json(request, compute()));
  }
  const Compute& compute() const { return study_.compute; }

  MomentsPlace place(const Source& a, const Source& b, const StudyTask& task,
                     const AlignRequest& request, const std::string& tap, std::int64_t size) {
    AlignRequest whole = request;
    whole.lines = 0;
    Json what = key_of("moments");
    what["a"] = a.key;
    what["b"] = b.key;
    what["text"] = file(task.align.file);
    what["how"] = how(whole);
    what["tap"] = tap;
    what["size"] = size;
    return {tap, size, cache_.place("moments", cache_key(what), ".safetensors")};
  }

  std::size_t add_moments(const Source& a, const Source& b, const StudyTask& task,
                          const AlignRequest& request, const std::set<std::string>& names,
                          const std::string& label) {
    std::vector<MomentsPlace> places;
    Json key = Json::array();
    for (const std::string& tap : names) {
      for (const std::int64_t size : study_.sizes) {
        places.push_back(place(a, b, task, request, tap, size));
        key.push_back(places.back().file.filename().string());
      }
    }
    Job job{
        "moments",
        label,
        cache_key(key),
        a.needs,
        1,
        false,
        [places] {
          return std::all_of(places.begin(), places.end(),
                             [](const MomentsPlace& p) { return fs::exists(p.file); });
        },
        [places, a = a.folder, b = b.folder, request, compute = compute()](
            const JobContext& context) { work_moments(a, b, request, compute, places, context); }};
    job.needs.insert(job.needs.end(), b.needs.begin(), b.needs.end());
    job.drop = [places] {
      for (const MomentsPlace& place : places) fs::remove(place.file);
    };
    return add(std::move(job), 4 * tokens(task.align.file, study_.sizes.back()));
  }

  // The key of the alignment, whose job it adds.
  std::pair<std::string, std::size_t> add_alignment(const Source& a, const Source& b,
                                                    const StudyTask& task,
                                                    const StudyVariant& variant, std::int64_t size,
                                                    std::size_t moments, const std::string& label) {
    std::vector<MomentsPlace> places;
    const AlignRequest request = variant_request(variant, task, size);
    Json what = key_of("align");
    if (!request.observes() || request.learns()) what["models"] = {a.key, b.key};
    for (const std::string& tap : taps(variant, a)) {
      places.push_back(place(a, b, task, request, tap, size));
      what["moments"].push_back(places.back().file.filename().string());
    }
    what["options"] = result_json(request.resolved(a.symmetries(request)), compute());
    what["options"].erase("preset");
    if (request.learns()) what["text"] = file(task.align.file);
    const std::string key = cache_key(what);
    const fs::path out = cache_.place("alignments", key, ".json");
    Job job{"align",
            label + ", " + variant.name,
            key,
            {moments},
            1,
            true,
            [out] { return fs::exists(out); },
            [places, a = a.folder, b = b.folder, request, compute = compute(),
             out](const JobContext& context) {
              work_align(a, b, request, compute, places, out, context);
            }};
    // Weights are read whether or not there are moments to wait for.
    for (const Source* source : {&a, &b}) {
      job.needs.insert(job.needs.end(), source->needs.begin(), source->needs.end());
    }
    const TrainingText& l = request.learning_text;
    const auto tokens_a_step = static_cast<double>(l.masking.batch_size * l.block.value_or(64));
    const double learning =
        request.learns() ? 4.0 * static_cast<double>(request.learning.steps) * tokens_a_step : 0;
    return {key, add(std::move(job), 2000 + learning)};
  }

  void add_curve(const Source& a, const Source& b, std::size_t t, std::size_t p, std::size_t v,
                 std::int64_t size, const std::pair<std::string, std::size_t>& alignment,
                 const std::string& label) {
    const StudyTask& task = study_.tasks[t];
    const StudyVariant& variant = study_.variants[v];
    CurveRequest request = variant.curve;
    request.score = task.score;
    request.points = study_.points;
    const ScoreRequest& score = task.score;
    Json what = key_of("curve");
    what["a"] = a.key;
    what["b"] = b.key;
    what["alignment"] = alignment.first;
    what["data"] = file(score.file());
    what["score"] = result_json(score);
    what["curve"] = options_of(request).values({Use::result});
    Compute computed = compute();
    what["compute"] = options_of(computed).values({Use::features});
    const std::string key = cache_key(what);
    const fs::path out = cache_.place("curves", key, ".json");
    if (!alignment.first.empty()) {
      request.alignment = cache_.place("alignments", alignment.first, ".json");
    }
    Job job{"curve",
            label + ", " + variant.name + (size ? fmt::format(", {} lines", size) : ""),
            key,
            a.needs,
            1,
            true,
            [out] { return fs::exists(out); },
            [request, a = a.folder, b = b.folder, out, compute = compute()](
                const JobContext& context) { work_curve(a, b, request, compute, out, context); }};
    job.needs.insert(job.needs.end(), b.needs.begin(), b.needs.end());
    if (!alignment.first.empty()) job.needs.push_back(alignment.second);
    const double cost = static_cast<double>(study_.points + 2) * tokens(score.file(), score.lines);
    add(std::move(job), cost);
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
  for (std::size_t i = jobs.size(); i-- > 0;) {  // needs come before their jobs
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
