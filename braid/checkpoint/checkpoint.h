// Checkpoint: config and named tensors of a Hugging Face checkpoint folder.
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
  Tensors tensors;        // keys as stored; memory-mapped, read-only
  Layout layout;
  std::vector<std::string> absent;  // listed in the index but in no shard
};

// Reads config.json and the weights (weights.h). Error naming the file and tensors if something is
// missing or malformed, or a tensor occurs twice with different values.
Checkpoint load_checkpoint(const std::filesystem::path& folder);

struct WriteOptions {
  std::int64_t shard_size = 5'000'000'000;   // bytes; larger checkpoints are split
  std::optional<Layout> layout;              // keep this sharding instead; see write_checkpoint
  std::map<std::string, std::string> files;  // other files to write, by name: README.md, ...
  std::set<std::string> not_copied;          // auxiliary files of `beside` to skip
  bool overwrite = false;                    // replace `out` if it is a checkpoint
};

// Writes a checkpoint folder atomically: built beside `out`, synced, then renamed. No config.json
// if `config` is null. Weights become safetensors, computed one at a time; auxiliary files
// (beside.h) of the folder `beside`, if any, are copied unless in `options.files`. With
// `options.layout`, each tensor goes to the same file as there (.bin names become .safetensors),
// tensors not listed there to the last file. Error if `out` is not empty and `overwrite` is off;
// Interrupted. On failure nothing is left beside `out`, and `out` is unchanged.
void write_checkpoint(const std::filesystem::path& out, const nlohmann::json& config,
                      const LazyTensors& tensors, const std::filesystem::path& beside = {},
                      const WriteOptions& options = {});
void write_checkpoint(const std::filesystem::path& out, const nlohmann::json& config,
                      const Tensors& tensors, const std::filesystem::path& beside = {},
                      const WriteOptions& options = {});

}  // namespace braid
