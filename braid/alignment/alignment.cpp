#include "braid/alignment/alignment.h"

#include <fstream>

#include "braid/checkpoint/atomic_file.h"
#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;
constexpr const char* format_name = "braid-alignment";

Json indices_json(const GroupElement& element) {
  Json blocks = Json::array();
  for (const Element& block : element) blocks.push_back(std::get<Permutation>(block).indices);
  return blocks;
}

Json match_json(const AxisMatch& match, bool repeated) {
  Json blocks = indices_json(match.element);
  return {{"kind", kind(match.element.front())},
          {"indices", repeated ? blocks : blocks.front()},
          {"objective", match.objective},
          {"mean", match.mean()},
          {"identity", match.identity},
          {"units", match.units},
          {"seconds", match.seconds},
          {"applied", match.applied}};
}

AxisMatch match_from_json(const Json& json) {
  AxisMatch match;
  require(json.at("kind") == "permutation", "kind '{}' is not known to this version of braid",
          json.at("kind").get<std::string>());
  const Json& indices = json.at("indices");
  require(indices.is_array() && !indices.empty(), "its indices are empty");
  if (indices.front().is_array()) {
    for (const Json& block : indices) {
      match.element.push_back(Permutation{block.get<std::vector<std::int64_t>>()});
    }
  } else {
    match.element = {Permutation{indices.get<std::vector<std::int64_t>>()}};
  }
  match.objective = json.at("objective");
  match.identity = json.at("identity");
  match.units = json.at("units");
  match.seconds = json.at("seconds");
  match.applied = json.at("applied");
  return match;
}

}  // namespace

Transform Alignment::transform() const {
  Transform transform;
  for (const auto& [name, match] : axes) {
    if (match.applied) transform[name] = match.element;
  }
  return transform;
}

Json to_json(const Alignment& alignment) {
  Json axes = Json::object();
  for (const auto& [name, match] : alignment.axes) {
    const bool repeated = name.ends_with(".ov") || name.ends_with(".qk");
    axes[name] = match_json(match, repeated);
  }
  // The same elements seen as one permutation over all units; not read back.
  for (const auto& [name, permutation] : alignment.flat) {
    const std::string layer = name.substr(0, name.rfind('.'));
    const AxisMatch& match =
        alignment.axes.at(layer + (name.ends_with(".query_key") ? ".qk" : ".ov"));
    axes[name] = match_json(match, false);
    axes[name]["indices"] = permutation.indices;
    axes[name]["view_of"] = layer + ".head";
  }
  return {{"format", format_name},
          {"version", 1},
          {"family", alignment.family},
          {"exact", alignment.broken.empty()},
          {"broken", alignment.broken},
          {"ablation",
           {{"separate_residual", alignment.ablation.separate_residual},
            {"ignore_heads", alignment.ablation.ignore_heads}}},
          {"a", alignment.a},
          {"b", alignment.b},
          {"text", alignment.text},
          {"options", alignment.options},
          {"axes", axes}};
}

Alignment alignment_from_json(const Json& json) {
  require(json.is_object() && json.value("format", "") == format_name,
          "it is not a braid alignment");
  require(json.at("version") == 1, "its version is {}, this braid reads version 1",
          json.at("version").dump());
  Alignment alignment;
  alignment.family = json.at("family");
  alignment.broken = json.at("broken");
  alignment.ablation = {json.at("ablation").at("separate_residual"),
                        json.at("ablation").at("ignore_heads")};
  alignment.a = json.at("a");
  alignment.b = json.at("b");
  alignment.text = json.at("text");
  alignment.options = json.at("options");
  for (const auto& [name, axis] : json.at("axes").items()) {
    if (axis.contains("view_of")) {
      alignment.flat[name] = Permutation{axis.at("indices").get<std::vector<std::int64_t>>()};
      continue;
    }
    try {
      alignment.axes[name] = match_from_json(axis);
    } catch (const std::exception& error) {
      fail("axis {}: {}", name, error.what());
    }
  }
  return alignment;
}

void save_alignment(const std::filesystem::path& path, const Alignment& alignment) {
  write_file_atomically(path, to_json(alignment).dump() + "\n");
}

Alignment load_alignment(const std::filesystem::path& path) {
  std::ifstream file(path);
  require(file.good(), "{}: cannot be opened", path.string());
  try {
    return alignment_from_json(Json::parse(file));
  } catch (const std::exception& error) {
    fail("{}: not a usable alignment: {}", path.string(), error.what());
  }
}

}  // namespace braid
