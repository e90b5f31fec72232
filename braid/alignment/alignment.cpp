#include "braid/alignment/alignment.h"

#include <fstream>

#include "braid/checkpoint/atomic_file.h"
#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;
constexpr const char* format_name = "braid-alignment";

Json numbers(const at::Tensor& vector) {
  const at::Tensor dense = vector.contiguous();
  const double* values = dense.const_data_ptr<double>();
  return std::vector<double>(values, values + dense.numel());
}

// A block's indices, signs, matrix or complex numbers.
Json block_json(const Element& block, const char* field) {
  if (const auto* signs = std::get_if<SignedPermutation>(&block)) {
    return field == std::string_view("signs") ? signs->signs : signs->indices;
  }
  if (const auto* permutation = std::get_if<Permutation>(&block)) return permutation->indices;
  if (const auto* rotary = std::get_if<RotaryScaling>(&block)) {
    return numbers(field == std::string_view("real") ? rotary->real : rotary->imaginary);
  }
  if (const auto* shift = std::get_if<ShiftVector>(&block)) return numbers(shift->vector);
  const at::Tensor& map = std::get<Matrix>(block).forward;
  Json rows = Json::array();
  for (std::int64_t i = 0; i < map.size(0); ++i) rows.push_back(numbers(map[i]));
  return rows;
}

// What each kind of element keeps in the file.
const std::map<std::string, std::vector<const char*>>& fields_of_kinds() {
  static const std::map<std::string, std::vector<const char*>> fields = {
      {"permutation", {"indices"}},
      {"signed permutation", {"indices", "signs"}},
      {"matrix", {"matrix"}},
      {"rotary scaling", {"real", "imaginary"}},
      {"shift", {"vector"}}};
  return fields;
}

Json match_json(const AxisMatch& match, bool repeated) {
  const char* name = kind(match.element.front());
  Json json = {{"kind", name},
               {"objective", match.objective},
               {"mean", match.mean()},
               {"identity", match.identity},
               {"units", match.units},
               {"seconds", match.seconds},
               {"applied", match.applied}};
  for (const char* field : fields_of_kinds().at(name)) {
    Json blocks = Json::array();
    for (const Element& block : match.element) blocks.push_back(block_json(block, field));
    json[field] = repeated ? blocks : blocks.front();
  }
  if (std::holds_alternative<Matrix>(match.element.front()) ||
      std::holds_alternative<RotaryScaling>(match.element.front())) {
    json["condition"] = condition(match.element);
  }
  return json;
}

Matrix matrix_from_json(const Json& json) {
  const auto rows = json.get<std::vector<std::vector<double>>>();
  const auto units = static_cast<std::int64_t>(rows.size());
  at::Tensor map = at::empty({units, units}, at::kDouble);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    require(rows[i].size() == rows.size(), "its matrix is not square");
    std::copy(rows[i].begin(), rows[i].end(),
              map.data_ptr<double>() + static_cast<std::int64_t>(i) * units);
  }
  return make_matrix(map);
}

at::Tensor vector_from_json(const Json& json) {
  return at::tensor(json.get<std::vector<double>>(), at::kDouble);
}

AxisMatch match_from_json(const Json& json, bool repeated) {
  AxisMatch match;
  const std::string kind = json.at("kind");
  const auto fields = fields_of_kinds().find(kind);
  require(fields != fields_of_kinds().end(), "kind '{}' is not known to this version of braid",
          kind);
  const auto blocks = [&](const char* field) {
    return repeated ? json.at(field) : Json::array({json.at(field)});
  };
  const Json first = blocks(fields->second.front());
  require(first.is_array() && !first.empty(), "its {} are empty", fields->second.front());
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (kind == "matrix") {
      match.element.push_back(matrix_from_json(first[i]));
    } else if (kind == "rotary scaling") {
      match.element.push_back(
          RotaryScaling{vector_from_json(first[i]), vector_from_json(blocks("imaginary").at(i))});
    } else if (kind == "shift") {
      match.element.push_back(ShiftVector{vector_from_json(first[i])});
    } else if (kind == "permutation") {
      match.element.push_back(Permutation{first[i].get<std::vector<std::int64_t>>()});
    } else {
      match.element.push_back(
          SignedPermutation{first[i].get<std::vector<std::int64_t>>(),
                            blocks("signs").at(i).get<std::vector<std::int64_t>>()});
    }
  }
  match.objective = json.at("objective");
  match.identity = json.at("identity");
  match.units = json.at("units");
  match.seconds = json.at("seconds");
  match.applied = json.at("applied");
  return match;
}

// Units inside each head: an element a head.
bool is_repeated(const std::string& axis) { return axis.ends_with(".ov") || axis.ends_with(".qk"); }

}  // namespace

Transform Alignment::transform() const {
  Transform transform;
  for (const auto& [name, match] : axes) {
    if (match.applied) transform[name] = match.element;
  }
  return transform;
}

void add_flat_views(const Symmetries& symmetries, Alignment& alignment) {
  const auto flatten = [](const AxisMatch& outer, const AxisMatch& inner) {
    const auto& order = std::get<Permutation>(outer.element.front()).indices;
    Permutation flat;
    for (std::size_t j = 0; j < order.size(); ++j) {
      const auto& units = std::get<Permutation>(inner.element[j]).indices;
      for (const std::int64_t unit : units) {
        flat.indices.push_back(order[j] * static_cast<std::int64_t>(units.size()) + unit);
      }
    }
    return flat;
  };
  for (const auto& [name, match] : alignment.axes) {
    const auto axis = symmetries.axes.find(name);
    if (axis == symmetries.axes.end() || axis->second.per.empty()) continue;
    if (!std::holds_alternative<Permutation>(match.element.front())) continue;
    const std::string layer = name.substr(0, name.rfind('.'));
    alignment.flat[layer + (name.ends_with(".qk") ? ".query_key" : ".attention")] =
        flatten(alignment.axes.at(axis->second.per), match);
  }
}

Json to_json(const Alignment& alignment) {
  Json axes = Json::object();
  for (const auto& [name, match] : alignment.axes) {
    axes[name] = match_json(match, is_repeated(name));
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
      alignment.axes[name] = match_from_json(axis, is_repeated(name));
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
