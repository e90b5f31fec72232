// Models with a table: their architecture is given in a file.
#include <algorithm>

#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"
#include "braid/models/model.h"
#include "braid/notice.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

void check_values(const std::string& source, const std::string& name, const at::Tensor& tensor) {
  require(at::isFloatingType(tensor.scalar_type()),
          "{}: {} has dtype {}, but parameters are floating point; list it under ignore of the "
          "table",
          source, printable(name), at::toString(tensor.scalar_type()));
  require(all_finite(tensor),
          "{}: {} has NaN or infinity: this model is broken; use an earlier copy", source,
          printable(name));
}

// Covectors as vectors, where T = T^-T because the group has only orthogonal maps.
Pattern as_one(const Symmetries& symmetries, Pattern pattern) {
  for (Concatenation& dimension : pattern) {
    for (Product& product : dimension) {
      for (AxisUse& use : product) {
        if (use.role != Role::covector) continue;
        const Group group = symmetries.axis(use.axis).group;
        if (reorders(group) || is_orthogonal(group)) use.role = Role::vector;
      }
    }
  }
  return pattern;
}

// A parameter's bytes in the file.
struct Extent {
  const std::byte* begin = nullptr;
  const std::byte* end = nullptr;
  const std::string* name = nullptr;
};

Extent extent_of(const std::string& name, const at::Tensor& tensor) {
  std::int64_t last = 0;
  for (std::int64_t d = 0; d < tensor.dim(); ++d) {
    last += (tensor.size(d) - 1) * tensor.stride(d);
  }
  const auto* begin = static_cast<const std::byte*>(tensor.const_data_ptr());
  return {begin, begin + (last + 1) * tensor.element_size(), &name};
}

// Names that share memory in the file are tied in the network, and must stay equal.
void require_tie_kept(const Model& model, const std::string& a, const std::string& b) {
  const at::Tensor &x = model.parameters.at(a), &y = model.parameters.at(b);
  const auto pattern = [&](const std::string& name) { return model.symmetries.tensors.at(name); };
  const auto moved = [&](const std::string& name) {
    return format_pattern(as_one(model.symmetries, pattern(name)));
  };
  const bool same = x.const_data_ptr() == y.const_data_ptr() && x.sizes() == y.sizes() &&
                    x.strides() == y.strides() && x.dtype() == y.dtype();
  require(same,
          "{}: {} and {} are different views of the same numbers, whose tie would be lost; "
          "store a copy (clone) of one of them",
          model.folder.string(), printable(a), printable(b));
  require(moved(a) == moved(b),
          "{}: {} and {} are tied (one tensor in the file), but their patterns {} and {} transform "
          "them differently; give them the same axis, with a group of at most orthogonal maps",
          model.folder.string(), printable(a), printable(b), format_pattern(pattern(a)),
          format_pattern(pattern(b)));
}

void require_ties_kept(const Model& model) {
  std::vector<Extent> extents;
  for (const auto& [name, tensor] : model.parameters) {
    if (tensor.numel() > 0) extents.push_back(extent_of(name, tensor));
  }
  const auto place = [](const Extent& extent) { return std::pair(extent.begin, *extent.name); };
  std::sort(extents.begin(), extents.end(),
            [&](const Extent& a, const Extent& b) { return place(a) < place(b); });
  const Extent* furthest = nullptr;
  for (const Extent& extent : extents) {
    if (furthest && extent.begin < furthest->end) {
      require_tie_kept(model, *furthest->name, *extent.name);
    }
    if (!furthest || furthest->end < extent.end) furthest = &extent;
  }
}

// A folder's config.json, to be written unchanged; an empty object if there is none.
nlohmann::json config_beside(const fs::path& path) {
  const fs::path file = path / "config.json";
  if (!fs::is_regular_file(file)) return nlohmann::json::object();
  nlohmann::json config = parse_json(MappedFile::open(file)->bytes(), file.string());
  require(config.is_object(), "{}: expected a JSON object", file.string());
  return config;
}

// The name under which a checkpoint stores a tied tensor; empty if it does not.
std::string stored_alias(const Model& model, const std::string& alias) {
  for (const Shard& shard : model.layout) {
    for (const std::string& name : {alias, stored_name(*model.family, model.parts, alias)}) {
      const auto& there = shard.tensors;
      if (std::find(there.begin(), there.end(), name) != there.end()) return name;
    }
  }
  return "";
}

}  // namespace

Model load_model(const fs::path& path, const fs::path& table) {
  if (table.empty()) return load_model(path);
  Model model;
  model.folder = model.reads_by = path;
  model.table = std::make_shared<const SymmetryTable>(read_symmetry_table(table));
  model.kind = model.table->title;
  model.config = config_beside(path);
  Weights weights = any_weights(path);
  const std::string source = path.string();
  require(weights.absent.empty(), "{}: {} is in the index but in no shard; fetch all shards",
          source, weights.absent.empty() ? "" : printable(weights.absent.front()));
  model.layout = std::move(weights.layout);
  model.symmetries = symmetries_of(*model.table, weights.tensors, source);
  for (auto& [name, tensor] : weights.tensors) {
    if (!model.symmetries.tensors.contains(name)) {
      model.carried.emplace(name, std::move(tensor));
      continue;
    }
    check_values(source, name, tensor);
    model.stored_names[name] = name;
    model.parameters.emplace(name, std::move(tensor));
  }
  require_ties_kept(model);
  return model;
}

const Network& network_of(const Model& model) {
  require(
      model.network != nullptr,
      "{}: this needs a forward pass, but {} is a table, which has none; use `method` weights, or "
      "save features yourself and pass them as `features`",
      model.folder.string(), model.table ? model.table->file : "its architecture");
  return *model.network;
}

SymmetryTable as_table(const Model& model) {
  if (model.table) return *model.table;
  Symmetries stored = model.symmetries;
  Tensors tensors;
  const auto add = [&](const std::string& name, const std::string& original) {
    stored.tensors[name] = model.symmetries.tensors.at(original);
    tensors[name] = model.parameters.at(original);
  };
  stored.tensors.clear();
  for (const auto& [name, tensor] : model.parameters) add(model.stored_names.at(name), name);
  for (const Tie& tie : model.ties) {
    const std::string alias = stored_alias(model, tie.alias);
    if (!alias.empty() && model.parameters.contains(tie.original)) add(alias, tie.original);
  }
  constexpr std::string_view weight = ".weight";
  for (auto& [name, shift] : stored.shifts) {
    for (std::string* map : {&shift.map, &shift.other}) {
      const std::string& whole = model.stored_names.at(*map + std::string(weight));
      *map = whole.substr(0, whole.size() - weight.size());
    }
  }
  SymmetryTable table = folded(stored, tensors);
  for (const std::string& suffix : model.family->buffer_suffixes) {
    table.ignored.push_back("*" + suffix);
  }
  return table;
}

Tensors carried_by_all(const std::vector<Model>& models) {
  const Model& first = models.front();
  for (const Model& other : models) {
    require(other.carried.size() == first.carried.size(),
            "{} has {} tensors ignored by its table, but {} has {}", first.folder.string(),
            first.carried.size(), other.folder.string(), other.carried.size());
    for (const auto& [name, tensor] : first.carried) {
      const auto found = other.carried.find(name);
      require(found != other.carried.end(), "{} has {}, but {} does not", first.folder.string(),
              name, other.folder.string());
      if (same_values(tensor, found->second)) continue;
      const bool counts = at::isIntegralType(tensor.scalar_type(), false) && tensor.numel() == 1;
      require(counts && found->second.numel() == 1,
              "{}: ignored by the table, but its values differ in {} and {}; give it a pattern",
              name, first.folder.string(), other.folder.string());
      notice("{}: this counter differs in {} and {}; the result has the first's", name,
             first.folder.string(), other.folder.string());
    }
  }
  return first.carried;
}

}  // namespace braid
