#include "braid/families/family.h"

#include <algorithm>
#include <array>

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

const char* title_of(Predicts head) {
  switch (head) {
    case Predicts::token:
      return "language-model head";
    case Predicts::next_sentence:
      return "next-sentence head";
    case Predicts::label:
      return "sequence classifier";
    case Predicts::token_label:
      return "token classifier";
    case Predicts::written:
      return "sequence-to-sequence language-model head";
    case Predicts::replaced:
      return "replaced-token discriminator";
    case Predicts::span:
      return "question-answering head";
    case Predicts::choice:
      return "multiple-choice head";
    case Predicts::sentence:
      return "sentence pooling";
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

// True if the part has tensors or is tied.
bool is_there(const Part& part, const Tensors& tensors, const std::vector<Tie>& ties) {
  const auto first = tensors.lower_bound(part.tensors);
  if (first != tensors.end() && first->first.starts_with(part.tensors)) return true;
  return part.may_be_tied && std::any_of(ties.begin(), ties.end(), [&](const Tie& tie) {
           return tie.alias.starts_with(part.tensors);
         });
}

// Keys that change how transformers loads any model, and their effect.
constexpr std::array<std::pair<const char*, const char*>, 4> kLoadOtherwise = {{
    {"quantization_config", "quantises the weights on loading, or refuses them"},
    {"transformers_weights", "reads the weights from that file"},
    {"per_layer_config", "overrides settings of individual layers"},
    {"fusion_config", "replaces some modules by others"},
}};

bool reads_pooler(const std::vector<const Part*>& heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [](const Part* part) { return part->head->reads == Reads::pooled; });
}

// True if several parts have tensors of these names: only the class tells which it is.
bool is_ambiguous(const Family& family, const Part& part) {
  return std::count_if(family.parts.begin(), family.parts.end(),
                       [&](const Part& other) { return other.tensors == part.tensors; }) > 1;
}

// The first class whose heads are exactly those present.
const ModelClass& guessed_class(const Family& family, const Tensors& tensors,
                                const std::vector<Tie>& ties, const std::string& source) {
  const auto has = [&](const Part* part) { return is_there(*part, tensors, ties); };
  std::vector<const ModelClass*> fitting;
  for (const ModelClass& kind : family.classes) {
    const std::vector<const Part*> heads = family.heads_of(kind);
    const bool complete = std::all_of(heads.begin(), heads.end(), has) &&
                          (!reads_pooler(heads) || has(&family.part("pooler")));
    const bool leaves_none =
        std::all_of(family.parts.begin(), family.parts.end(), [&](const Part& part) {
          return !part.head || !is_there(part, tensors, {}) ||
                 std::any_of(heads.begin(), heads.end(),
                             [&](const Part* read) { return read->tensors == part.tensors; });
        });
    if (complete && leaves_none) fitting.push_back(&kind);
  }
  require(!fitting.empty(),
          "{}: config.json has no architectures, and the tensors fit no class of {}; add the name "
          "of the class that saved it",
          source, family.title);
  std::vector<std::string> same_tensors;
  for (const ModelClass* kind : fitting) {
    const std::vector<const Part*> heads = family.heads_of(*kind);
    if (std::any_of(heads.begin(), heads.end(),
                    [&](const Part* part) { return is_ambiguous(family, *part); })) {
      same_tensors.push_back(kind->name);
    }
  }
  require(
      same_tensors.size() < 2,
      "{}: config.json has no architectures, and the tensors fit several classes that read them "
      "differently: {}; add the name of the class that saved it",
      source, fmt::join(same_tensors, ", "));
  return *fitting.front();
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
    const std::vector<const Part*> heads = heads_of(kind);
    return std::any_of(heads.begin(), heads.end(),
                       [&](const Part* part) { return part->head->predicts == head; });
  });
  require(found != classes.end(), "a {} model with a {} is not supported", title, title_of(head));
  return *found;
}

std::vector<const Part*> Family::heads_of(const ModelClass& kind) const {
  std::vector<const Part*> heads;
  for (const Part& candidate : parts) {
    if (candidate.head && kind.parts.contains(candidate.name)) heads.push_back(&candidate);
  }
  return heads;
}

const ModelClass* Family::find_class(const std::string& name) const {
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const ModelClass& kind) { return kind.name == name; });
  return found == classes.end() ? nullptr : &*found;
}

Parts new_parts(const Family& family, const ModelClass& kind, const nlohmann::json& config) {
  Parts made{kind.parts};
  for (const Part& part : family.parts) {
    if (!part.unless_tied || is_tied(config)) continue;
    for (const Part* head : family.heads_of(kind)) {
      if (part.tensors.starts_with(head->tensors)) made.names.insert(part.name);
    }
  }
  return made;
}

HeadParts head_parts(const Family& family, const Parts& parts, const std::string& pooler) {
  HeadParts result{{}, pooler, parts.returns_stream};
  for (const Part& part : family.parts) {
    const bool readable = part.head && (part.head->reads != Reads::pooled || !pooler.empty());
    if (readable && parts.has(part.name)) result.heads.push_back(*part.head);
  }
  if (parts.sentence) {
    result.heads.push_back({.predicts = Predicts::sentence, .reads = Reads::all});
    result.heads.back().pooling = *parts.sentence;
  }
  return result;
}

const ModelClass* named_class(const Family& family, const nlohmann::json& config,
                              const std::string& source) {
  const JsonField fields = config_fields(config);
  if (!fields.has("architectures") || fields.at("architectures").json().empty()) return nullptr;
  const std::string& name = fields.at("architectures").items().front().text();
  const ModelClass* kind = family.find_class(name);
  std::vector<std::string> known;
  for (const ModelClass& known_class : family.classes) known.push_back(known_class.name);
  require(kind,
          "{}: config.json's architectures names {}, which is not a supported class of {}: {}",
          source, printable(name), family.title, fmt::join(known, ", "));
  return kind;
}

const ModelClass& class_of(const Family& family, const nlohmann::json& config,
                           const Tensors& tensors, const std::string& source) {
  const std::vector<Tie> ties = family.ties(config);
  const ModelClass* named = named_class(family, config, source);
  const ModelClass& kind = named ? *named : guessed_class(family, tensors, ties, source);
  for (const Part* part : family.heads_of(kind)) {
    require(
        is_there(*part, tensors, ties),
        "{}: config.json's architectures names {}, but the tensors of its {} ({}*) are missing; "
        "name the class that the tensors are of",
        source, kind.name, title_of(part->head->predicts), part->tensors);
  }
  for (const Part& part : family.parts) {  // of any head present, not only the class's
    const bool lacks = part.unless_tied && !is_tied(config) && !is_there(part, tensors, ties);
    require(!lacks || std::none_of(family.parts.begin(), family.parts.end(),
                                   [&](const Part& head) {
                                     return head.head && part.tensors.starts_with(head.tensors) &&
                                            is_there(head, tensors, ties);
                                   }),
            "{}: config.json has tie_word_embeddings false, but {} is missing, which transformers "
            "would then set to zeros. Store the head's bias under that name too, or tie the head",
            source, part.tensors);
  }
  return kind;
}

Parts parts_of(const ModelClass& kind, const Family& family, const nlohmann::json& config,
               const Tensors& tensors) {
  const std::vector<Tie> ties = family.ties(config);
  const std::vector<const Part*> heads = family.heads_of(kind);
  Parts result;
  result.returns_stream = heads.empty();
  for (const Part& part : family.parts) {
    const bool read = part.head && kind.parts.contains(part.name);
    // A head that is only a tie belongs to classes that have it, and to a bare stack.
    const bool tie_alone = result.returns_stream && part.head && part.head->dense.empty();
    const bool beside = !is_ambiguous(family, part) &&
                        is_there(part, tensors, tie_alone ? ties : std::vector<Tie>());
    if (read || beside) result.names.insert(part.name);
  }
  if (reads_pooler(heads)) result.names.insert("pooler");
  result.unit_gains = family.folds != nullptr;
  for (const Fold& fold : family.folds ? family.folds(config) : std::vector<Fold>()) {
    const auto gain = tensors.find(fold.norm + ".weight");
    result.unit_gains &= gain != tensors.end() && gain->second.eq(1).all().item<bool>();
  }
  return result;
}

const Part* part_of(const Family& family, const Parts& parts, const std::string& name) {
  for (const Part& part : family.parts) {
    if (parts.has(part.name) && name.starts_with(part.tensors)) return &part;
  }
  return nullptr;
}

std::string stored_name(const Family& family, const Parts& parts, const std::string& name) {
  const Part* part = part_of(family, parts, name);
  const bool outside = part && !part->in_stack;
  // Hugging Face stores a stack without a head without prefix.
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

std::optional<std::int64_t> config_token(const nlohmann::json& config, const char* key) {
  const JsonField fields = config_fields(config);
  if (!fields.has(key) || fields.at(key).json().is_null()) return std::nullopt;
  return fields.at(key).integer(0);
}

nlohmann::json as_meant(const Family& family, nlohmann::json config) {
  for (const auto& [key, why] : kLoadOtherwise) {
    require(
        !config.contains(key) || config[key].is_null(),
        "config.json: {}: with this key transformers {}; braid does not support it. Remove it if "
        "this is a plain checkpoint",
        key, why);
  }
  for (const auto& [other, key] : family.other_keys) {
    if (!config.contains(other)) continue;
    config[key] = config[other];
    config.erase(other);
  }
  if (config.contains("id2label") && !config["id2label"].is_null()) {
    const JsonField names = config_fields(config).at("id2label");
    for (const std::string& id : names.keys()) {
      require(!id.empty() && id.find_first_not_of("0123456789") == id.npos,
              "{}: '{}' is not the index of an output; expected 0, 1, ...", names.where(),
              printable(id));
    }
  }
  if (config.contains("num_labels")) config_fields(config).at("num_labels").integer(0);
  const auto names = config.find("id2label"), count = config.find("num_labels");
  if (names != config.end() && count != config.end() && *count != names->size()) {
    config.erase("id2label");
    config.erase("label2id");
  }
  return config;
}

nlohmann::json with_defaults(const Family& family, nlohmann::json config) {
  for (const auto& [key, value] : family.defaults.items()) {
    if (!config.contains(key)) config[key] = value;
  }
  return config;
}

std::int64_t label_count(const nlohmann::json& config) {
  if (config.contains("id2label") && config["id2label"].is_object()) {
    return static_cast<std::int64_t>(config["id2label"].size());
  }
  return config_size(config, "num_labels", 2);
}

bool is_tied(const nlohmann::json& config) {
  return config_fields(config).boolean("tie_word_embeddings", true);
}

}  // namespace braid
