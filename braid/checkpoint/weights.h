// The weights of a checkpoint folder: one file, or shards and their index.
#pragma once

#include "braid/checkpoint/tensors.h"

namespace braid {

// One weights file of a checkpoint and the tensors in it.
struct Shard {
  std::string file;                  // plain file name
  std::vector<std::string> tensors;  // in name order
};
using Layout = std::vector<Shard>;  // in file order; one entry if the checkpoint is not sharded

struct Weights {
  Tensors tensors;  // keys as stored; memory-mapped, read-only
  Layout layout;
  std::vector<std::string> absent;  // listed in the index but in no shard
};

// Reads the first that exists of model.safetensors, model.safetensors.index.json,
// pytorch_model.bin, pytorch_model.bin.index.json. An index selects shards; each contributes all
// tensors it contains. Error naming the files if a shard or all weights are missing, or two shards
// have different values of a tensor.
Weights read_weights(const std::filesystem::path& folder);

// The same, or any other single .safetensors, .bin, .pt or .pth file, given as `path` or the only
// one in the folder. Error naming the files if there are several.
Weights any_weights(const std::filesystem::path& path);

// True if it exists. Error if it is a dangling link.
bool is_there(const std::filesystem::path& path);

// True for a file name without a folder that is not hidden.
bool is_plain_name(std::string_view name);

}  // namespace braid
