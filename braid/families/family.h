// Family: everything braid knows about a model family. A new family is one file that defines such a
// value, and its line in families.cpp. Nothing outside this folder knows tensor names.
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

// Ablations of the paper: tables with more freedom than the model has. Both are flagged as inexact.
struct Ablation {
  bool separate_residual = false;  // every LayerNorm output on its own axis
  bool ignore_heads = false;       // one axis over all attention units of a layer

  bool any() const { return separate_residual || ignore_heads; }
};

struct Tie {
  std::string alias;  // not stored: the same parameter as `original`
  std::string original;
};

// A norm whose gain, and bias if present, can be folded into the maps that read it: <norm>.weight,
// <reader>.weight, ...
struct Fold {
  std::string norm;
  std::vector<std::string> readers;
};

// An optional part of a checkpoint besides its stack: a pooler, a head.
struct Part {
  std::string name;
  std::string tensors;       // prefix of their names
  bool in_stack = false;     // stored under the stack's prefix, like a pooler
  bool may_be_tied = false;  // may consist of a tie only: then present if the tie is
  std::optional<Head> head = {};
  bool unless_tied = false;  // present with the head whose prefix it has, if embeddings are untied
};

// Properties of a model that its configuration does not determine.
struct Parts {
  std::set<std::string> names;  // optional parts that are present
  bool unit_gains = false;      // every foldable gain is 1
  bool returns_stream = false;  // its class is a bare stack, or it returns sentence embeddings
  std::optional<SentencePooling> sentence = {};

  bool has(const std::string& name) const { return names.contains(name); }
};

// A Hugging Face class and its parts. A class without a head returns the stream.
struct ModelClass {
  std::string name;
  std::set<std::string> parts;
};

// Initialisation of parameters, besides normal weights, zero biases and unit gains.
struct Initialisation {
  // Position table initialised with sinusoids; empty = like all weights.
  std::string sinusoids;
  // Output maps of branches start smaller: in all layers but the first, by a requested factor; or
  // everywhere, by the square root of the number of branches.
  enum class Branches { later, by_depth } branches = Branches::by_depth;
};

// config.json keys of the dropout probabilities; empty = no dropout.
struct DropoutKeys {
  std::string hidden = {}, attention = {};
  double usual = 0;  // default
};

struct Family {
  std::string model_type;  // in config.json
  std::string title;       // for messages
  std::string prefix;      // of the stack's tensors in checkpoints with a head, such as "bert."
  std::string stem = {};   // common prefix of all of them after that, if any
  std::vector<std::pair<std::string, std::string>> renamed_suffixes = {};  // old, new
  // Alternative config.json keys and the keys they take precedence over (transformers'
  // attribute_map).
  std::map<std::string, std::string> other_keys = {};
  std::vector<std::string> buffer_suffixes = {};  // in some files, not parameters
  std::vector<Part> parts;
  std::vector<ModelClass> classes;  // first: the class that pretraining makes
  nlohmann::json defaults;          // of config.json keys
  nlohmann::json sample;            // a small configuration, for tests and trials
  bool causal = false;              // pretrained on next tokens rather than masked ones
  Initialisation initialisation = {};
  DropoutKeys dropout = {};

  // An alias stored with other values is a separate parameter (T5) rather than an error.
  bool ties_by_file = false;
  std::vector<Tie> (*ties)(const nlohmann::json& config) = nullptr;
  // The symmetry table; Error for an unsupported value of a configuration key.
  Symmetries (*describe)(const nlohmann::json& config, const Parts& parts) = nullptr;
  // The table of an ablation; null if the paper has none for this family.
  Symmetries (*ablate)(const nlohmann::json& config, const Parts& parts,
                       const Ablation& ablation) = nullptr;
  std::unique_ptr<Network> (*network)(const nlohmann::json& config, const Parts& parts) = nullptr;
  // Norms foldable into their readers in the canonical form (pre-LN); null if there are none.
  std::vector<Fold> (*folds)(const nlohmann::json& config) = nullptr;

  const Part& part(const std::string& name) const;
  // The first class with a head of this kind; Error naming the family if there is none.
  const ModelClass& class_with(Predicts head) const;
  std::vector<const Part*> heads_of(const ModelClass& kind) const;
  // The class of this name; null if unknown.
  const ModelClass* find_class(const std::string& name) const;
};

// The parts of a model created from this configuration as that class.
Parts new_parts(const Family& family, const ModelClass& kind, const nlohmann::json& config);

// The heads of `parts`, and the pooler if any.
HeadParts head_parts(const Family& family, const Parts& parts, const std::string& pooler = "");

// The class named by config.json's `architectures`; null if it names none. Error naming `source` if
// the family has no such class.
const ModelClass* named_class(const Family& family, const nlohmann::json& config,
                              const std::string& source);
// That class or, if none is named, the one that `tensors` (table names) are of. Error if tensors of
// its heads are missing, or any that transformers would then initialise, or several classes fit.
const ModelClass& class_of(const Family& family, const nlohmann::json& config,
                           const Tensors& tensors, const std::string& source);

// The parts of that class and further parts present in `tensors`, which it does not read; and
// whether gains are folded.
Parts parts_of(const ModelClass& kind, const Family& family, const nlohmann::json& config,
               const Tensors& tensors);

// The name of a table's tensor in a checkpoint with these parts.
std::string stored_name(const Family& family, const Parts& parts, const std::string& name);

// The part that a table's tensor belongs to; null if it is in the stack.
const Part* part_of(const Family& family, const Parts& parts, const std::string& name);

// A positive integer of config.json; Error naming the key, the value found and the limit.
std::int64_t config_size(const nlohmann::json& config, const char* key, std::int64_t fallback = 0);

// The same for a number of layers, with a lower limit: memory grows with it before weights are
// read.
std::int64_t config_layers(const nlohmann::json& config, const char* key,
                           std::int64_t fallback = 0);

// A token id; nullopt if the key is missing or null.
std::optional<std::int64_t> config_token(const nlohmann::json& config, const char* key);

// Access to other keys; Errors name config.json and the key.
JsonField config_fields(const nlohmann::json& config);

// The configuration as transformers interprets it: with the family's own keys, and without label
// names if their number differs from num_labels. Error if label names are not keyed by outputs.
nlohmann::json as_meant(const Family& family, nlohmann::json config);

// The configuration with the family's defaults for missing keys.
nlohmann::json with_defaults(const Family& family, nlohmann::json config);

// Number of labels of a classifier, by id2label or num_labels.
std::int64_t label_count(const nlohmann::json& config);

// config.json's tie_word_embeddings, by default true.
bool is_tied(const nlohmann::json& config);

}  // namespace braid
