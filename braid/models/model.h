// Model: a checkpoint folder understood: its family, today's tensor names, ties resolved, its
// symmetry table and its forward pass; or any checkpoint of a table in a file, which has no forward
// pass. Parameters stay memory-mapped in the stored dtype until they are cast.
#pragma once

#include <memory>

#include "braid/checkpoint/checkpoint.h"
#include "braid/compute.h"
#include "braid/families/families.h"
#include "braid/tables/symmetry_table.h"
#include "braid/text/tokenizer.h"

namespace braid {

// Made by the functions below, which keep table, pass and names fitting the parameters. Only values
// of parameters are set from outside, not their names or shapes.
struct Model {
  std::filesystem::path folder;
  std::filesystem::path reads_by;  // the folder of the tokenizer that its token ids are of
  const Family* family = nullptr;  // null where a table is given in its place
  std::shared_ptr<const SymmetryTable> table;  // null where a family is
  nlohmann::json config;
  Tensors parameters;                               // names of the symmetry table
  Tensors carried = {};                             // what a table ignores, as it is stored
  std::string kind;                                 // its class: what it computes
  Parts parts;                                      // that the parameters have
  std::optional<SentencePooling> sentence;          // of a sentence-transformers folder
  bool canonical = false;                           // made by canonicalise (proved_models.h)
  std::map<std::string, std::string> stored_names;  // table name -> name in a written checkpoint
  Layout layout;                                    // of the stored names over files
  // Of named entries that are not where the folder has them (named_entries.h).
  std::map<std::string, std::vector<std::int64_t>> orders;
  // Tokens of a vocabulary in common that the folder has no rows for (merged_vocabulary.h).
  std::vector<std::int64_t> lacking;
  std::shared_ptr<const Tokenizer> tokenizer;  // reads for it in place of the folder's, if any
  std::vector<Tie> ties;                       // aliases that are not in `parameters`
  Symmetries symmetries;
  std::shared_ptr<const Network> network;  // null of a table: ask network_of
};

// Error naming the folder and the tensors where the checkpoint is not a complete model of its
// family.
Model load_model(const std::filesystem::path& folder);
// A checkpoint of the table in a file, or of a family where `table` is empty: a folder or a file of
// weights (any_weights of checkpoint/weights.h); config.json says nothing of it. Error naming the
// tensors and rules where they do not fit.
Model load_model(const std::filesystem::path& path, const std::filesystem::path& table);

// The model that `parameters`, by the table's names, are; aliases among them leave. Error naming
// `source` and the tensors where they are not a complete one.
Model make_model(const Family& family, const nlohmann::json& config, const Tensors& parameters,
                 const std::filesystem::path& source);

// The model's forward pass. Error saying what there is instead where its architecture is a table.
const Network& network_of(const Model& model);

// The model's table as a file has it, in the names that its checkpoint is written in.
SymmetryTable as_table(const Model& model);

// What a model made of these carries: what the first does. Error where they carry other values,
// unless these count.
Tensors carried_by_all(const std::vector<Model>& models);

// `like` with other values of its parameters, which may free more of its table (unit gains).
Model with_parameters(const Model& like, Tensors parameters);

// What text is read by for it; of a model that reads images, one that reads none. Error where its
// folder has no tokenizer, or one that is not known.
std::shared_ptr<const Tokenizer> tokenizer_of(const Model& model);

// Values for every parameter of the class that config.json's `architectures` names, or of the one
// that pretraining makes: float64, normal of deviation .3 about 0, gains about 1. For tests and
// trials; training starts from initialise().
Model random_model(const nlohmann::json& config, std::uint64_t seed);
// The same with these parts.
Model random_model(const nlohmann::json& config, const Parts& parts, std::uint64_t seed);

// The model's own table, or the one of an ablation. Error where the family has none.
Symmetries table_of(const Model& model, const Ablation& ablation);

// Every floating tensor in `dtype` (shared where it already is).
Tensors cast(const Tensors& parameters, at::ScalarType dtype);
// And on the device.
Tensors cast(const Tensors& parameters, const Compute& compute);

// The dtype of most parameters: what a checkpoint "is in".
at::ScalarType main_dtype(const Tensors& parameters);

// The same function with the decoder as a parameter of its own, where the family ties it.
Model untie(const Model& model);

// Error naming the first difference unless both have one family, shapes and tensors.
void require_same_architecture(const Model& a, const Model& b);

// `parameters` as a checkpoint like `like`: its config, names, dtypes, tokenizer files and, unless
// `options` has a layout or a shard size is asked for, its sharding.
void save_model(const std::filesystem::path& out, const Model& like, const LazyTensors& parameters,
                WriteOptions options, std::optional<std::int64_t> shard_size = {});

}  // namespace braid
