// Checkpoint: a Hugging Face checkpoint folder, its config and named tensors.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "braid/checkpoint/lazy_tensors.h"
#include "braid/checkpoint/weights.h"

namespace braid {

struct Checkpoint {
  std::filesystem::path folder;
  nlohmann::json config;  // config.json
  Tensors tensors;        // keys as stored; memory-mapped, not to be written into
  Layout layout;
  std::vector<std::string> absent;  // what an index lists and no shard has
};

// Reads config.json and the weights (weights.h). Error naming the file and tensors when something
// is missing or malformed, or there twice with other values.
Checkpoint load_checkpoint(const std::filesystem::path& folder);

struct WriteOptions {
  std::int64_t shard_size = 5'000'000'000;   // bytes; larger checkpoints are split
  std::optional<Layout> layout;              // keep this sharding instead; see write_checkpoint
  std::map<std::string, std::string> files;  // written beside the weights: README.md, ...
  std::set<std::string> not_copied;          // of what lies beside
  bool overwrite = false;                    // replace `out` if it holds a checkpoint
};

// Writes a checkpoint folder, whole or not at all: built beside `out`, synced, then renamed;
// without config.json where `config` is null. Weights become safetensors, made one at a time; what
// lies beside the weights in the folder `beside` (none if empty; beside.h) is copied unless
// `options.files` has it. With `options.layout`, each tensor goes to the file it had there (.bin
// names become .safetensors), tensors unknown to it to its last file. Error if `out` holds
// something and `overwrite` is off; Interrupted. On failure nothing is left beside `out`, and `out`
// is as it was.
void write_checkpoint(const std::filesystem::path& out, const nlohmann::json& config,
                      const LazyTensors& tensors, const std::filesystem::path& beside = {},
                      const WriteOptions& options = {});
void write_checkpoint(const std::filesystem::path& out, const nlohmann::json& config,
                      const Tensors& tensors, const std::filesystem::path& beside = {},
                      const WriteOptions& options = {});

}  // namespace braid
