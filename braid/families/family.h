// Family: everything that braid knows of a model family. A new family is one file that defines such
// a value, and its line in families.cpp. Nothing outside this folder knows a tensor's name.
#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "braid/json/json_field.h"
#include "braid/networks/network.h"
#include "braid/symmetry/symmetries.h"

namespace braid {

// Ablations of the paper: tables that treat more as free than is. Both are flagged as not exact.
struct Ablation {
  bool separate_residual = false;  // every LayerNorm output on an axis of its own
  bool ignore_heads = false;       // one axis over all attention units of a layer

  bool any() const { return separate_residual || ignore_heads; }
};

struct Tie {
  std::string alias;  // not stored: the same parameter as
  std::string original;
};

// A norm whose gain, and bias if it has one, can go into the maps that read it: <norm>.weight,
// <reader>.weight, ...
struct Fold {
  std::string norm;
  std::vector<std::string> readers;
};

// A part that a checkpoint may have beside its stack: a pooler, a head.
struct Part {
  std::string name;
  std::string tensors;       // what their names begin with
  bool in_stack = false;     // stored under the stack's prefix, as a pooler is
  bool may_be_tied = false;  // a tie can be all of it: then it is there where the tie is
  std::optional<Head> head = {};
  bool unless_tied = false;  // beside the head of whose tensors it is, where nothing is tied
};

// What a model has beyond what its configuration says.
struct Parts {
  std::set<std::string> names;  // of its optional parts
  bool unit_gains = false;      // every gain that can be folded is 1
  bool returns_stream = false;  // its class is a bare stack, or what it returns are sentences
  std::optional<SentencePooling> sentence = {};

  bool has(const std::string& name) const { return names.contains(name); }
};

// Hugging Face's class and the parts that it has: what it computes. A class that has no head
// returns the stream.
struct ModelClass {
  std::string name;
  std::set<std::string> parts;
};

// How parameters start, beside normal weights, zero biases and unit gains.
struct Initialisation {
  // Tables of positions that start as sinusoids; empty = as all weights do.
  std::string sinusoids;
  // The maps that close a branch start smaller: in all layers but the first, by as much as one
  // asks; or everywhere, by the root of the number of branches.
  enum class Branches { later, by_depth } branches = Branches::by_depth;
};

// What config.json calls the shares that are dropped out in training; empty = none are.
struct DropoutKeys {
  std::string hidden = {}, attention = {};
  double usual = 0;  // where it does not say
};

struct Family {
  std::string model_type;  // in config.json
  std::string title;       // what a user calls it
  std::string prefix;      // of the stack's tensors in checkpoints with a head, such as "bert."
  std::string stem = {};   // what all of them begin with after it, where they do
  std::vector<std::pair<std::string, std::string>> renamed_suffixes = {};  // old, new
  // Keys of config.json under other names, which count before the first: attribute_map there.
  std::map<std::string, std::string> other_keys = {};
  std::vector<std::string> buffer_suffixes = {};  // stored by some, not parameters
  std::vector<Part> parts;
  std::vector<ModelClass> classes;  // the one that pretraining makes first
  nlohmann::json defaults;          // of config.json, where a hand-written one leaves them out
  nlohmann::json sample;            // a small configuration of it, which tests and trials run
  bool causal = false;              // is it pretrained on next tokens, or on masked ones?
  Initialisation initialisation = {};
  DropoutKeys dropout = {};

  // An alias that is stored with other values is a parameter of its own (T5), no contradiction.
  bool ties_by_file = false;
  std::vector<Tie> (*ties)(const nlohmann::json& config) = nullptr;
  // The table; Error where a key of the configuration changes the function in a way that is not
  // there.
  Symmetries (*describe)(const nlohmann::json& config, const Parts& parts) = nullptr;
  // The table of an ablation; null where the paper has none.
  Symmetries (*ablate)(const nlohmann::json& config, const Parts& parts,
                       const Ablation& ablation) = nullptr;
  std::unique_ptr<Network> (*network)(const nlohmann::json& config, const Parts& parts) = nullptr;
  // Canonical form: norms off the residual stream (pre-LN), null where there are none.
  std::vector<Fold> (*folds)(const nlohmann::json& config) = nullptr;

  const Part& part(const std::string& name) const;
  // The first class that has a head of this kind; Error naming the family where none has.
  const ModelClass& class_with(Predicts head) const;
  std::vector<const Part*> heads_of(const ModelClass& kind) const;
  // The class of this name; null where there is none.
  const ModelClass* find_class(const std::string& name) const;
};

// What a model has that is made of this configuration as that class.
Parts new_parts(const Family& family, const ModelClass& kind, const nlohmann::json& config);

// The heads of `parts`, and the pooler where there is one.
HeadParts head_parts(const Family& family, const Parts& parts, const std::string& pooler = "");

// The class that config.json's `architectures` names; null where it names none. Error naming
// `source` where it is none of the family's.
const ModelClass* named_class(const Family& family, const nlohmann::json& config,
                              const std::string& source);
// That one, or the one that `tensors` of the table are of. Error where they lack one of its heads,
// or what transformers would then make anew, or are of several.
const ModelClass& class_of(const Family& family, const nlohmann::json& config,
                           const Tensors& tensors, const std::string& source);

// The parts of that class, and what else `tensors` have, which it does not read; are the gains
// folded?
Parts parts_of(const ModelClass& kind, const Family& family, const nlohmann::json& config,
               const Tensors& tensors);

// The name of a table's tensor in a checkpoint that has these parts.
std::string stored_name(const Family& family, const Parts& parts, const std::string& name);

// Which of these parts a table's tensor belongs to; null for the stack's.
const Part* part_of(const Family& family, const Parts& parts, const std::string& name);

// A positive integer of config.json; Error naming the key, the value found and the limit.
std::int64_t config_size(const nlohmann::json& config, const char* key, std::int64_t fallback = 0);

// The number of layers, likewise; what is made of a configuration grows with it.
std::int64_t config_layers(const nlohmann::json& config, const char* key,
                           std::int64_t fallback = 0);

// A token's id, or none where the key is missing or null.
std::optional<std::int64_t> config_token(const nlohmann::json& config, const char* key);

// Its other values, each with what holds where the key is missing. Error naming the key.
JsonField config_fields(const nlohmann::json& config);

// The configuration as transformers means it: under the family's own keys, and without names of
// labels where num_labels is another number. Error where names are of something else than outputs.
nlohmann::json as_meant(const Family& family, nlohmann::json config);

// The configuration with the family's defaults for what it leaves out.
nlohmann::json with_defaults(const Family& family, nlohmann::json config);

// Labels of a classifier, by id2label or num_labels.
std::int64_t label_count(const nlohmann::json& config);

// config.json's tie_word_embeddings: true where it does not say.
bool is_tied(const nlohmann::json& config);

}  // namespace braid
