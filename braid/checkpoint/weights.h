// The weights of a checkpoint folder: one file, or shards and the index of them.
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
  Tensors tensors;  // keys as stored; memory-mapped, not to be written into
  Layout layout;
  std::vector<std::string> absent;  // what the index lists and no shard has
};

// The first of model.safetensors, model.safetensors.index.json, pytorch_model.bin,
// pytorch_model.bin.index.json that is there. An index says which shards there are; what is in them
// is what they hold. Error naming the files where a shard or all weights are missing, and where two
// shards have other values of one tensor.
Weights read_weights(const std::filesystem::path& folder);

// Those, or what else there is: one .safetensors, .bin, .pt or .pth file that is `path` or lies
// alone in the folder. Error naming the files where there are several.
Weights any_weights(const std::filesystem::path& path);

// Error where it is a link that leads nowhere.
bool is_there(const std::filesystem::path& path);

// A file name without a folder, and not hidden.
bool is_plain_name(std::string_view name);

}  // namespace braid
