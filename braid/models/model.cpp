#include "braid/models/model.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/models/sentence_modules.h"
#include "braid/notice.h"
#include "braid/random.h"

namespace braid {
namespace {

std::string modern_name(const Family& family, std::string name) {
  for (const auto& [old_suffix, suffix] : family.renamed_suffixes) {
    if (name.ends_with(old_suffix)) {
      return name.replace(name.size() - old_suffix.size(), old_suffix.size(), suffix);
    }
  }
  return name;
}

std::string table_name(const Family& family, const std::string& name) {
  return name.starts_with(family.prefix) ? name.substr(family.prefix.size()) : name;
}

// Prefix added to every name by wrappers such as DataParallel ("module."): the words that all names
// share, up to the family's own prefix.
std::string wrapper_of(const Family& family, const Tensors& tensors) {
  std::string wrapper;
  while (!tensors.empty()) {
    const std::string first = tensors.begin()->first.substr(wrapper.size());
    const std::string word = first.substr(0, first.find('.') + 1);
    const bool shared = !word.empty() && word != family.prefix && word != family.stem &&
                        std::all_of(tensors.begin(), tensors.end(), [&](const auto& named) {
                          return named.first.starts_with(wrapper + word);
                        });
    if (!shared) break;
    wrapper += word;
  }
  return wrapper;
}

bool is_buffer(const Family& family, const std::string& name) {
  return std::any_of(family.buffer_suffixes.begin(), family.buffer_suffixes.end(),
                     [&](const std::string& suffix) { return name.ends_with(suffix); });
}

// Removes aliases from `model.parameters` after checking that they equal their originals; an alias
// stored without its original takes the original's name.
void drop_aliases(Model& model) {
  std::set<std::string> own;
  for (const Tie& tie : model.ties) {
    const auto alias = model.parameters.find(tie.alias);
    if (alias == model.parameters.end()) continue;
    const auto original = model.parameters.find(tie.original);
    if (original == model.parameters.end()) {
      auto stored = model.parameters.extract(alias);
      stored.key() = tie.original;
      model.parameters.insert(std::move(stored));
      model.stored_names.erase(tie.alias);
      continue;
    }
    const bool same = same_values(alias->second, original->second);
    if (!same && model.family->ties_by_file) {
      own.insert(tie.alias);
      continue;
    }
    require(same,
            "{}: config.json ties {} to {}, but their values differ; remove one, or set "
            "\"tie_word_embeddings\": false",
            model.folder.string(), tie.alias, tie.original);
    model.parameters.erase(alias);
    model.stored_names.erase(tie.alias);
  }
  std::erase_if(model.ties, [&](const Tie& tie) { return own.contains(tie.alias); });
}

bool is_alias(const Model& model, const std::string& name) {
  return std::any_of(model.ties.begin(), model.ties.end(),
                     [&](const Tie& tie) { return tie.alias == name || tie.original == name; });
}

// Sets parts, table and forward pass from the parameters.
void describe(Model& model) {
  if (model.table) {
    model.symmetries = symmetries_of(*model.table, model.parameters, model.folder.string());
    return;
  }
  const Family& family = *model.family;
  model.ties = family.ties(model.config);
  drop_aliases(model);
  const ModelClass& kind = class_of(family, model.config, model.parameters, model.folder.string());
  model.kind = kind.name;
  model.parts = parts_of(kind, family, model.config, model.parameters);
  if (model.sentence) {
    model.kind += " of sentences";
    model.parts.sentence = model.sentence;
    model.parts.returns_stream = true;
  }
  model.symmetries = family.describe(model.config, model.parts);
  check_tensors(model.symmetries, model.parameters, model.folder.string());
  model.network = family.network(model.config, model.parts);
  require(model.network->sizes().epsilon >= 0,
          "config.json: the epsilon of norms is {}, expected 0 or more",
          model.network->sizes().epsilon);
}

// Sets missing names in a written checkpoint.
void name_new(Model& model) {
  for (const auto& [name, tensor] : model.parameters) {
    model.stored_names.try_emplace(name, stored_name(*model.family, model.parts, name));
  }
}

// Adds the folder to Errors about config.json: families do not know it.
template <class Work>
void naming_the_folder(const std::filesystem::path& folder, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (!std::string_view(error.what()).starts_with("config.json")) throw;
    fail("{}/{}", folder.string(), error.what());
  }
}

// Converts a checkpoint of another code base to the equivalent one of transformers.
void translate(Checkpoint& checkpoint) {
  const Translation* found = find_translation(checkpoint.config, "config.json");
  if (!found) return;
  require(checkpoint.absent.empty(),
          "config.json: {} is in the index but in no shard; fetch all shards",
          checkpoint.absent.empty() ? "" : printable(checkpoint.absent.front()));
  std::tie(checkpoint.config, checkpoint.tensors) =
      found->translate(checkpoint.config, checkpoint.tensors);
  checkpoint.layout.clear();
  notice("{}: a {} checkpoint, read and written as {}", checkpoint.folder.string(),
         found->model_type, checkpoint.config.at("model_type").get<std::string>());
}

}  // namespace

Model load_model(const std::filesystem::path& folder) {
  Checkpoint checkpoint = load_checkpoint(folder);
  const std::string source = folder.string();
  naming_the_folder(folder, [&] { translate(checkpoint); });
  const Family& family = find_family(checkpoint.config, source + "/config.json");
  Model model;
  model.folder = model.reads_by = folder;
  model.family = &family;
  naming_the_folder(folder, [&] { model.config = as_meant(family, std::move(checkpoint.config)); });
  const std::string wrapper = wrapper_of(family, checkpoint.tensors);
  if (!wrapper.empty()) {
    notice("{}: every name begins with {}; names are read and written without it", source,
           printable(wrapper));
  }
  const auto name_to_write = [&](const std::string& stored) {
    const bool wrapped = stored.starts_with(wrapper);
    return modern_name(family, wrapped ? stored.substr(wrapper.size()) : stored);
  };
  for (auto& [stored, tensor] : checkpoint.tensors) {
    const std::string written = name_to_write(stored);
    const std::string name = table_name(family, written);
    if (is_buffer(family, name)) continue;
    require(at::isFloatingType(tensor.scalar_type()),
            "{}: {} has dtype {}, but parameters are floating point", source, stored,
            at::toString(tensor.scalar_type()));
    require(all_finite(tensor),
            "{}: {} has NaN or infinity: this model is broken; use an earlier copy", source,
            stored);
    const auto [place, added] = model.parameters.emplace(name, tensor);
    require(added || same_values(place->second, tensor),
            "{}: {} is stored twice with different values, once as {}", source, name, stored);
    model.stored_names[name] = written;
  }
  model.layout = std::move(checkpoint.layout);
  model.sentence = read_sentence_modules(folder);
  for (Shard& shard : model.layout) {
    for (std::string& name : shard.tensors) name = name_to_write(name);
  }
  naming_the_folder(folder, [&] { describe(model); });
  name_new(model);
  for (const std::string& listed : checkpoint.absent) {
    const std::string name = table_name(family, name_to_write(listed));
    const bool implied = is_buffer(family, name) || is_alias(model, name);
    require(implied, "{}: {} is in the index but in no shard; fetch all shards", source,
            printable(listed));
  }
  return model;
}

Model make_model(const Family& family, const nlohmann::json& config, const Tensors& parameters,
                 const std::filesystem::path& source) {
  Model model;
  model.folder = model.reads_by = source;
  model.family = &family;
  model.config = config;
  model.parameters = parameters;
  describe(model);
  name_new(model);
  return model;
}

Model with_parameters(const Model& like, Tensors parameters) {
  Model model = like;
  model.parameters = std::move(parameters);
  describe(model);
  return model;
}

std::shared_ptr<const Tokenizer> tokenizer_of(const Model& model) {
  if (model.tokenizer) return model.tokenizer;
  if (model.network && model.network->reads_images()) return no_tokenizer(model.folder.string());
  return load_tokenizer(model.reads_by);
}

Model random_model(const nlohmann::json& config, std::uint64_t seed) {
  const nlohmann::json completed = complete_config(config);
  const Family& family = find_family(completed, "config.json");
  const ModelClass& kind = *named_class(family, completed, "config.json");
  return random_model(completed, new_parts(family, kind, completed), seed);
}

Model random_model(const nlohmann::json& config, const Parts& parts, std::uint64_t seed) {
  const Family& family = find_family(config, "config.json");
  const Symmetries table = family.describe(config, {parts.names});
  Random random(seed);
  Tensors parameters;
  for (const auto& [name, pattern] : table.tensors) {
    const bool gain = is_gain(name, pattern);
    at::Tensor tensor = at::empty(table.shape(pattern), at::kDouble);
    double* values = tensor.data_ptr<double>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = gain + 0.3 * random.normal();
    parameters[name] = gain && parts.unit_gains ? at::ones_like(tensor) : tensor;
  }
  return make_model(family, config, parameters, "random");
}

Symmetries table_of(const Model& model, const Ablation& ablation) {
  if (!ablation.any()) return model.symmetries;
  require(model.family && model.family->ablate,
          "{}: the paper's ablations (separate residual stream, heads ignored) are not available "
          "for {}",
          model.folder.string(), model.symmetries.family);
  return model.family->ablate(model.config, model.parts, ablation);
}

Tensors cast(const Tensors& parameters, at::ScalarType dtype) {
  Tensors result;
  for (const auto& [name, tensor] : parameters) result[name] = tensor.to(dtype);
  return result;
}

Tensors cast(const Tensors& parameters, const Compute& compute) {
  Tensors result;
  for (const auto& [name, tensor] : parameters) {
    result[name] = tensor.to(compute.device, compute.dtype);
  }
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
  if (!model.family) return model;
  Model untied = model;
  untied.config["tie_word_embeddings"] = false;
  const std::vector<Tie> still_tied = model.family->ties(untied.config);
  for (const Tie& tie : model.ties) {
    const bool stays = std::any_of(still_tied.begin(), still_tied.end(),
                                   [&](const Tie& other) { return other.alias == tie.alias; });
    const bool there = part_of(*model.family, model.parts, tie.alias) != nullptr;
    if (stays || !there || !model.parameters.contains(tie.original)) continue;
    untied.parameters[tie.alias] = model.parameters.at(tie.original);
    untied.stored_names[tie.alias] = tie.alias;
  }
  describe(untied);
  return untied;
}

void require_same_architecture(const Model& a, const Model& b) {
  const std::string x = a.folder.string(), y = b.folder.string();
  require(a.symmetries.family == b.symmetries.family, "{} is a {} model, but {} is a {} model", x,
          a.symmetries.family, y, b.symmetries.family);
  require(a.sentence.has_value() == b.sentence.has_value() &&
              (!a.sentence || a.sentence->same_kind(*b.sentence)),
          "{} and {} pool or normalise sentences differently (modules.json and its modules)", x, y);
  require(a.kind == b.kind,
          "config.json: {} is a {}, but {} is a {}, with other outputs; if they are the same, name "
          "one class in both (architectures)",
          x, a.kind, y, b.kind);
  for (const auto* side : {&a, &b}) {
    const Model& other = side == &a ? b : a;
    for (const auto& [name, tensor] : side->parameters) {
      const auto found = other.parameters.find(name);
      require(found != other.parameters.end(), "{} has {}, but {} does not", side->folder.string(),
              name, other.folder.string());
      require(found->second.sizes() == tensor.sizes(),
              "{} is [{}] in {}, but [{}] in {}: the models differ in shape or vocabulary", name,
              fmt::join(a.parameters.at(name).sizes(), ", "), x,
              fmt::join(b.parameters.at(name).sizes(), ", "), y);
    }
  }
  if (!a.network || !b.network) return;
  const auto of_b = b.network->beyond_shapes();
  for (const auto& [setting, value] : a.network->beyond_shapes()) {
    require(value == of_b.at(setting), "config.json: {} is {} in {}, but {} in {}", setting, value,
            x, of_b.at(setting), y);
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
  for (const auto& [name, tensor] : like.carried) stored.emplace(name, lazy(tensor));
  if (shard_size) {
    options.shard_size = *shard_size;
  } else if (!options.layout && !like.layout.empty()) {
    options.layout = like.layout;
  }
  const bool is_file = std::filesystem::is_regular_file(like.folder);  // no auxiliary files
  const bool has_config = like.family || !like.config.empty();
  write_checkpoint(out, has_config ? like.config : nlohmann::json(), stored,
                   is_file ? std::filesystem::path() : like.folder, options);
}

}  // namespace braid
