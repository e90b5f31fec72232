#include "braid/models/model.h"

#include <algorithm>

#include "braid/error.h"

namespace braid {
namespace {

std::string modern_name(const Architecture& family, std::string name) {
  for (const auto& [old_suffix, suffix] : family.renamed_suffixes) {
    if (name.ends_with(old_suffix)) {
      return name.replace(name.size() - old_suffix.size(), old_suffix.size(), suffix);
    }
  }
  return name;
}

std::string table_name(const Architecture& family, const std::string& name) {
  return name.starts_with(family.prefix) ? name.substr(family.prefix.size()) : name;
}

bool is_buffer(const Architecture& family, const std::string& name) {
  return std::any_of(family.buffer_suffixes.begin(), family.buffer_suffixes.end(),
                     [&](const std::string& suffix) { return name.ends_with(suffix); });
}

// Aliases leave `model.parameters`, once they are seen to equal their originals.
void drop_aliases(Model& model) {
  for (const Tie& tie : model.ties) {
    const auto alias = model.parameters.find(tie.alias);
    if (alias == model.parameters.end()) continue;
    const auto original = model.parameters.find(tie.original);
    require(original != model.parameters.end(), "{}: {} is tied to {}, which is missing",
            model.folder.string(), tie.alias, tie.original);
    require(at::equal(alias->second, original->second),
            "{}: config.json ties {} to {}, but their values differ; remove one, or set "
            "\"tie_word_embeddings\": false",
            model.folder.string(), tie.alias, tie.original);
    model.parameters.erase(alias);
    model.stored_names.erase(tie.alias);
  }
}

Contents contents_of(const Architecture& family, const nlohmann::json& config,
                     const Tensors& tensors) {
  Contents contents;
  for (const auto& [name, tensor] : tensors) contents.tensors.insert(name);
  contents.unit_gains = family.folds != nullptr;
  for (const Fold& fold : family.folds ? family.folds(config) : std::vector<Fold>()) {
    const auto gain = tensors.find(fold.norm + ".weight");
    contents.unit_gains &= gain != tensors.end() && gain->second.eq(1).all().item<bool>();
  }
  return contents;
}

}  // namespace

Model load_model(const std::filesystem::path& folder, const Ablation& ablation) {
  Checkpoint checkpoint = load_checkpoint(folder);
  const std::string source = folder.string();
  const Architecture& family = find_architecture(checkpoint.config, source + "/config.json");
  Model model;
  model.folder = folder;
  model.config = std::move(checkpoint.config);
  model.ties = family.ties(model.config);
  for (auto& [stored, tensor] : checkpoint.tensors) {
    const std::string written = modern_name(family, stored);
    const std::string name = table_name(family, written);
    if (is_buffer(family, name)) continue;
    require(at::isFloatingType(tensor.scalar_type()),
            "{}: {} has dtype {}, but parameters are floating point", source, stored,
            at::toString(tensor.scalar_type()));
    require(model.parameters.emplace(name, tensor).second, "{}: {} is stored twice, once as {}",
            source, name, stored);
    model.stored_names[name] = written;
  }
  model.layout = std::move(checkpoint.layout);
  for (Shard& shard : model.layout) {
    for (std::string& name : shard.tensors) name = modern_name(family, name);
  }
  drop_aliases(model);
  model.symmetries =
      family.describe(model.config, contents_of(family, model.config, model.parameters), ablation);
  check_tensors(model.symmetries, model.parameters, source);
  model.network = make_network(model.config);
  return model;
}

Symmetries table_of(const Model& model, const Ablation& ablation) {
  if (!ablation.separate_residual && !ablation.ignore_heads) return model.symmetries;
  const Architecture& family = find_architecture(model.config, model.folder.string());
  return family.describe(model.config, contents_of(family, model.config, model.parameters),
                         ablation);
}

Tensors cast(const Tensors& parameters, at::ScalarType dtype) {
  Tensors result;
  for (const auto& [name, tensor] : parameters) result[name] = tensor.to(dtype);
  return result;
}

at::ScalarType main_dtype(const Tensors& parameters) {
  std::map<at::ScalarType, std::int64_t> counts;
  for (const auto& [name, tensor] : parameters) counts[tensor.scalar_type()] += tensor.numel();
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& x, const auto& y) { return x.second < y.second; })
      ->first;
}

Model untie(const Model& model) {
  Model untied = model;
  untied.config["tie_word_embeddings"] = false;
  const Architecture& family = find_architecture(model.config, model.folder.string());
  untied.ties = family.ties(untied.config);
  for (const Tie& tie : model.ties) {
    const bool still_tied = std::any_of(untied.ties.begin(), untied.ties.end(),
                                        [&](const Tie& other) { return other.alias == tie.alias; });
    if (still_tied || !model.parameters.contains(tie.original)) continue;
    untied.parameters[tie.alias] = model.parameters.at(tie.original);
    untied.stored_names[tie.alias] = tie.alias;
  }
  describe_again(untied);
  return untied;
}

void describe_again(Model& model) {
  const Architecture& family = find_architecture(model.config, model.folder.string());
  model.symmetries =
      family.describe(model.config, contents_of(family, model.config, model.parameters), {});
}

void require_same_architecture(const Model& a, const Model& b) {
  const std::string x = a.folder.string(), y = b.folder.string();
  require(a.symmetries.family == b.symmetries.family, "{} is a {} model, {} a {} model", x,
          a.symmetries.family, y, b.symmetries.family);
  for (const auto* side : {&a, &b}) {
    const Model& other = side == &a ? b : a;
    for (const auto& [name, tensor] : side->parameters) {
      const auto found = other.parameters.find(name);
      require(found != other.parameters.end(), "{} has {}, {} does not", side->folder.string(),
              name, other.folder.string());
      require(found->second.sizes() == tensor.sizes(),
              "{} is [{}] in {} and [{}] in {}: the models differ in shape or vocabulary", name,
              fmt::join(a.parameters.at(name).sizes(), ", "), x,
              fmt::join(b.parameters.at(name).sizes(), ", "), y);
    }
  }
  for (const std::string& key : find_architecture(a.config, x).size_keys) {
    const auto left = a.config.value(key, nlohmann::json()),
               right = b.config.value(key, nlohmann::json());
    require(left == right, "config.json: {} is {} in {} and {} in {}", key, left.dump(), x,
            right.dump(), y);
  }
}

void save_model(const std::filesystem::path& out, const Model& like, const LazyTensors& parameters,
                WriteOptions options, std::optional<std::int64_t> shard_size) {
  LazyTensors stored;
  for (const auto& [name, tensor] : parameters) {
    LazyTensor cast = tensor;
    cast.dtype = like.parameters.at(name).scalar_type();
    cast.make = [make = tensor.make, dtype = cast.dtype] { return make().to(dtype).contiguous(); };
    stored.emplace(like.stored_names.at(name), std::move(cast));
  }
  if (shard_size) {
    options.shard_size = *shard_size;
  } else if (!options.layout) {
    options.layout = like.layout;
  }
  write_checkpoint(out, like.config, stored, like.folder, options);
}

}  // namespace braid
