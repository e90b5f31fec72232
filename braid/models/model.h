// Model: a checkpoint folder understood: today's tensor names, ties resolved, its symmetry table
// and its forward pass. Parameters stay memory-mapped in the stored dtype until they are cast.
#pragma once

#include <memory>

#include "braid/architectures/architecture.h"
#include "braid/checkpoint/checkpoint.h"
#include "braid/models/network.h"

namespace braid {

struct Model {
  std::filesystem::path folder;
  nlohmann::json config;
  Tensors parameters;                               // names of the symmetry table
  std::map<std::string, std::string> stored_names;  // table name -> name in a written checkpoint
  Layout layout;                                    // of the stored names over files
  std::vector<Tie> ties;                            // aliases that are not in `parameters`
  Symmetries symmetries;
  std::shared_ptr<const Network> network;
};

// Error naming the folder and the tensors where the checkpoint is not a complete model of its
// family.
Model load_model(const std::filesystem::path& folder, const Ablation& ablation = {});

// The model's own table, or the one of an ablation.
Symmetries table_of(const Model& model, const Ablation& ablation);

// Every floating tensor in `dtype` (shared where it already is).
Tensors cast(const Tensors& parameters, at::ScalarType dtype);

// The dtype of most parameters: what a checkpoint "is in".
at::ScalarType main_dtype(const Tensors& parameters);

// The same function with the decoder as a parameter of its own, on the axis `head`.
Model untie(const Model& model);

// The table that fits `model.parameters` as they are: to be called where their names, or gains,
// changed.
void describe_again(Model& model);

// Error naming the first difference unless both have one family, shapes and tensors.
void require_same_architecture(const Model& a, const Model& b);

// `parameters` as a checkpoint like `like`: its config, names, dtypes, tokenizer files and, unless
// `options` has a layout or a shard size is asked for, its sharding.
void save_model(const std::filesystem::path& out, const Model& like, const LazyTensors& parameters,
                WriteOptions options, std::optional<std::int64_t> shard_size = {});

}  // namespace braid
