// Model: a checkpoint with its family, current tensor names, resolved ties, symmetry table and
// forward pass; or any checkpoint with a table in a file, which has no forward pass. Parameters
// stay memory-mapped in the stored dtype until cast.
#pragma once

#include <memory>

#include "braid/checkpoint/checkpoint.h"
#include "braid/compute.h"
#include "braid/families/families.h"
#include "braid/tables/symmetry_table.h"
#include "braid/text/tokenizer.h"

namespace braid {

// Created by the functions below, which keep table, forward pass and names consistent with the
// parameters. Only values of parameters may be set directly, not their names or shapes.
struct Model {
  std::filesystem::path folder;
  std::filesystem::path reads_by;              // folder of the tokenizer of its token ids
  const Family* family = nullptr;              // null if it has a table instead
  std::shared_ptr<const SymmetryTable> table;  // null if it has a family
  nlohmann::json config;
  Tensors parameters;                               // names of the symmetry table
  Tensors carried = {};                             // tensors ignored by the table, as stored
  std::string kind;                                 // its class: what it computes
  Parts parts;                                      // of the parameters
  std::optional<SentencePooling> sentence;          // of a sentence-transformers folder
  bool canonical = false;                           // made by canonicalise (proved_models.h)
  std::map<std::string, std::string> stored_names;  // table name -> name in a written checkpoint
  Layout layout;                                    // sharding, by stored names
  // Order of named entries, if other than in the folder (named_entries.h).
  std::map<std::string, std::vector<std::int64_t>> orders;
  // Tokens of a common vocabulary without rows in the folder (merged_vocabulary.h).
  std::vector<std::int64_t> lacking;
  std::shared_ptr<const Tokenizer> tokenizer;  // replaces the folder's, if set
  std::vector<Tie> ties;                       // aliases, not in `parameters`
  Symmetries symmetries;
  std::shared_ptr<const Network> network;  // null with a table: use network_of
};

// Error naming the folder and the tensors if the checkpoint is not a complete model of its family.
Model load_model(const std::filesystem::path& folder);
// A checkpoint with the table in a file, or of a family if `table` is empty. With a table, `path`
// is a folder or a weights file (any_weights of checkpoint/weights.h), and config.json is not
// interpreted. Error naming the tensors and rules that do not match.
Model load_model(const std::filesystem::path& path, const std::filesystem::path& table);

// A model with `parameters`, by table names; aliases are dropped. Error naming `source` and the
// tensors if it is not complete.
Model make_model(const Family& family, const nlohmann::json& config, const Tensors& parameters,
                 const std::filesystem::path& source);

// The model's forward pass. Error with advice if it has none, because its architecture is a table.
const Network& network_of(const Model& model);

// The model's table in the form of a file, with the names of a written checkpoint.
SymmetryTable as_table(const Model& model);

// Carried tensors of a model made of these: the first's. Error if their values differ, except
// counters.
Tensors carried_by_all(const std::vector<Model>& models);

// `like` with other values of its parameters, which may free more of its table (unit gains).
Model with_parameters(const Model& like, Tensors parameters);

// The tokenizer to use for the model; for images, one that reads no text. Error if its folder has
// no tokenizer or an unsupported one.
std::shared_ptr<const Tokenizer> tokenizer_of(const Model& model);

// Random values for every parameter of the class named in config.json's `architectures`, or that
// pretraining makes: float64, normal with standard deviation 0.3 around 0, gains around 1. For
// tests and trials; training starts from initialise().
Model random_model(const nlohmann::json& config, std::uint64_t seed);
// The same with these parts.
Model random_model(const nlohmann::json& config, const Parts& parts, std::uint64_t seed);

// The model's own table, or that of an ablation. Error if the family has no ablations.
Symmetries table_of(const Model& model, const Ablation& ablation);

// Every tensor in `dtype` (shared if it already is).
Tensors cast(const Tensors& parameters, at::ScalarType dtype);
// In the compute dtype, on the device.
Tensors cast(const Tensors& parameters, const Compute& compute);

// The dtype of most parameters.
at::ScalarType main_dtype(const Tensors& parameters);

// The same function with a separate decoder, if the family ties it.
Model untie(const Model& model);

// Error naming the first difference in family, class, tensors, shapes or settings.
void require_same_architecture(const Model& a, const Model& b);

// Writes `parameters` as a checkpoint like `like`: its config, names, dtypes, tokenizer files and,
// unless `options` has a layout or `shard_size` is given, its sharding.
void save_model(const std::filesystem::path& out, const Model& like, const LazyTensors& parameters,
                WriteOptions options, std::optional<std::int64_t> shard_size = {});

}  // namespace braid
