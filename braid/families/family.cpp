#include "braid/families/family.h"

#include <algorithm>

#include "braid/error.h"

namespace braid {
namespace {

bool contains_any(const Family& family, const ModelClass& kind, Predicts head) {
  return std::any_of(kind.parts.begin(), kind.parts.end(), [&](const std::string& name) {
    const auto& found = family.part(name).head;
    return found && found->predicts == head;
  });
}

const char* title_of(Predicts head) {
  switch (head) {
    case Predicts::token:
      return "language-model head";
    case Predicts::next_sentence:
      return "head for next sentences";
    case Predicts::label:
      return "classifier of texts";
  }
  return "";
}

std::int64_t read_size(const nlohmann::json& config, const char* key, std::int64_t fallback,
                       std::int64_t limit) {
  const bool given = config_fields(config).has(key);
  const nlohmann::json value = given ? config[key] : nlohmann::json(fallback);
  require(value.is_number_integer() && value > 0 && value <= limit,
          "config.json: {} is {}, expected an integer from 1 to {}", key,
          given ? value.dump() : "missing", limit);
  return value.get<std::int64_t>();
}

}  // namespace

const Part& Family::part(const std::string& name) const {
  const auto found = std::find_if(parts.begin(), parts.end(),
                                  [&](const Part& candidate) { return candidate.name == name; });
  if (found == parts.end()) throw std::invalid_argument(title + ": unknown part '" + name + "'");
  return *found;
}

const ModelClass& Family::class_with(Predicts head) const {
  const auto found = std::find_if(classes.begin(), classes.end(), [&](const ModelClass& kind) {
    return contains_any(*this, kind, head);
  });
  require(found != classes.end(), "a {} model with a {} is not supported", title, title_of(head));
  return *found;
}

const ModelClass* Family::find_class(const std::string& name) const {
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const ModelClass& kind) { return kind.name == name; });
  return found == classes.end() ? nullptr : &*found;
}

HeadParts head_parts(const Family& family, const Parts& parts, const std::string& pooler) {
  HeadParts result{{}, pooler};
  for (const Part& part : family.parts) {
    const bool readable = part.head && (part.head->reads != Reads::pooled || !pooler.empty());
    if (readable && parts.has(part.name)) result.heads.push_back(*part.head);
  }
  return result;
}

Parts parts_among(const Family& family, const nlohmann::json& config, const Tensors& tensors) {
  Parts result;
  const std::vector<Tie> ties = family.ties(config);
  for (const Part& part : family.parts) {
    const auto first = tensors.lower_bound(part.tensors);
    const bool stored = first != tensors.end() && first->first.starts_with(part.tensors);
    const bool tied = part.may_be_tied && std::any_of(ties.begin(), ties.end(), [&](const Tie& t) {
                        return t.alias.starts_with(part.tensors);
                      });
    if (stored || tied) result.names.insert(part.name);
  }
  result.unit_gains = family.folds != nullptr;
  for (const Fold& fold : family.folds ? family.folds(config) : std::vector<Fold>()) {
    const auto gain = tensors.find(fold.norm + ".weight");
    result.unit_gains &= gain != tensors.end() && gain->second.eq(1).all().item<bool>();
  }
  return result;
}

const Part* part_of(const Family& family, const std::string& name) {
  for (const Part& part : family.parts) {
    if (name.starts_with(part.tensors)) return &part;
  }
  return nullptr;
}

std::string stored_name(const Family& family, const Parts& parts, const std::string& name) {
  const Part* part = part_of(family, name);
  const bool outside = part && !part->in_stack;
  // Hugging Face stores a stack without a head under the names of the stack alone.
  const bool has_head =
      std::any_of(parts.names.begin(), parts.names.end(),
                  [&](const std::string& present) { return !family.part(present).in_stack; });
  return outside || !has_head ? name : family.prefix + name;
}

JsonField config_fields(const nlohmann::json& config) { return JsonField(config, "config.json"); }

std::int64_t config_size(const nlohmann::json& config, const char* key, std::int64_t fallback) {
  return read_size(config, key, fallback, 1 << 24);
}

std::int64_t config_layers(const nlohmann::json& config, const char* key, std::int64_t fallback) {
  return read_size(config, key, fallback, 1 << 10);
}

std::int64_t output_count(const nlohmann::json& config, Predicts head) {
  if (head == Predicts::next_sentence) return 2;
  if (config.contains("id2label") && config["id2label"].is_object()) {
    return static_cast<std::int64_t>(config["id2label"].size());
  }
  return config_size(config, "num_labels", 2);
}

bool is_tied(const nlohmann::json& config) {
  return config_fields(config).boolean("tie_word_embeddings", true);
}

}  // namespace braid
