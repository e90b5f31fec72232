#include "braid/study/results.h"

#include <fstream>

#include "braid/error.h"
#include "braid/mean_and_error.h"

namespace braid {
namespace {

using Json = nlohmann::json;

Json read(const std::filesystem::path& path) {
  std::ifstream file(path);
  Json json = Json::parse(file, nullptr, false);
  require(!json.is_discarded(), "{}: not valid JSON; remove the file and run again", path.string());
  return json;
}

Json over_pairs(const std::vector<double>& values) {
  const auto [mean, error] = mean_and_error(values);
  return {{"mean", mean},
          {"pairs", values.size()},
          {"values", values},
          {"error", values.size() > 1 ? Json(error) : Json()}};
}

Json describe_models(const Study& study, const Plan& plan) {
  Json models = Json::array();
  for (std::size_t i = 0; i < study.models.size(); ++i) {
    const StudyModel& m = study.models[i];
    Json json = {{"name", m.name}, {"key", plan.model_keys[i]}};
    if (m.folder.empty()) {
      PretrainRequest request = *study.pretraining;
      request.options.seed = m.seed;
      json["pretrained"] = options_of(request).values({Use::result});
      json["pretrained"].update({{"text", std::filesystem::path(request.text).filename().string()},
                                 {"config", request.config}});
    } else {
      json["folder"] = m.folder.string();
    }
    models.push_back(json);
  }
  return models;
}

Json describe_tasks(const Study& study) {
  Json tasks = Json::array();
  for (const StudyTask& task : study.tasks) {
    Json json = {{"task", task.name},
                 {"title", find_task(task.name).title()},
                 {"score", provenance(task.score)},
                 {"align", {{"text", task.align.file.string()}, {"task", task.align.task}}}};
    if (task.finetuning) {
      FinetuneRequest request = *task.finetuning;
      json["finetuned"] = options_of(request).values({Use::result, Use::input});
    }
    tasks.push_back(json);
  }
  return tasks;
}

// The parts of an alignment that the report shows: mean correlations by axis, and head orders.
Json describe_alignment(const Alignment& alignment) {
  Json axes = Json::object();
  for (const auto& [name, match] : alignment.axes) {
    if (!match.matched()) continue;
    axes[name] = {{"mean", match.mean()},
                  {"identity", match.unaligned / static_cast<double>(match.units)},
                  {"units", match.units}};
    if (name.ends_with(".head") ||
        name.ends_with(".group")) {  // group: query heads that share a key
      axes[name]["indices"] = std::get<Permutation>(match.element.front()).indices;
    }
  }
  return axes;
}

std::string pair_name(const Study& study, std::size_t p) {
  return study.models[study.pairs[p].first].name + "-" + study.models[study.pairs[p].second].name;
}

Json summarise(const Study& study, const Cache& cache, const Json& curves) {
  struct Group {
    Json head;
    std::map<std::string, std::vector<double>> values;
  };
  std::map<std::string, Group> groups;
  std::vector<std::string> order;
  for (const Json& curve : curves) {
    const Json head = {
        {"task", curve["task"]}, {"variant", curve["variant"]}, {"size", curve["size"]}};
    const auto [group, added] = groups.try_emplace(head.dump());
    if (added) order.push_back(head.dump());
    group->second.head = head;
    const std::string file = cache.place("curves", curve["key"], ".json").string();
    for (const auto& [name, value] : numbers_of(curve_of(JsonField(curve, file)))) {
      group->second.values[name].push_back(value);
    }
  }
  Json summary = Json::array();
  for (const std::string& key : order) {
    Json row = groups[key].head;
    for (const auto& [name, values] : groups[key].values) row[name] = over_pairs(values);
    for (const StudyVariant& variant : study.variants) {
      const std::string task = row["task"];
      if (row["variant"] == variant.name && variant.published.contains(task)) {
        row["published"] = variant.published[task];
      }
    }
    summary.push_back(row);
  }
  return summary;
}

}  // namespace

Json study_results(const Study& study, const Plan& plan, const Cache& cache,
                   const std::string& version) {
  Json curves = Json::array(), alignments = Json::array();
  for (const PlannedCurve& planned : plan.curves) {
    Json curve = read(cache.place("curves", planned.key, ".json"));
    const Json head = {{"pair", pair_name(study, planned.pair)},
                       {"task", study.tasks[planned.task].name},
                       {"variant", study.variants[planned.variant].name},
                       {"size", planned.size}};
    curve.update(head);
    curve["key"] = planned.key;
    curves.push_back(curve);
    if (planned.alignment_key.empty()) continue;
    const Alignment alignment =
        load_alignment(cache.place("alignments", planned.alignment_key, ".json"));
    Json described = head;
    described["axes"] = describe_alignment(alignment);
    described["options"] = alignment.options;
    described["key"] = planned.alignment_key;
    alignments.push_back(described);
  }
  Json variants = Json::array(), pairs = Json::array();
  for (const StudyVariant& v : study.variants) {
    variants.push_back({{"name", v.name}, {"aligned", v.aligned}, {"published", v.published}});
  }
  for (std::size_t p = 0; p < study.pairs.size(); ++p) pairs.push_back(pair_name(study, p));
  return {{"format", "braid-study"},
          {"version", version},
          {"study", study.name},
          {"title", study.title},
          {"about", study.about},
          {"models", describe_models(study, plan)},
          {"pairs", pairs},
          {"tasks", describe_tasks(study)},
          {"variants", variants},
          {"sizes", study.sizes},
          {"points", study.points},
          {"precision", at::toString(study.compute.dtype)},
          {"curves", curves},
          {"alignments", alignments},
          {"summary", summarise(study, cache, curves)}};
}

}  // namespace braid
