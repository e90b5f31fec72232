// pytorch_model.bin: a dict of tensors as torch.save writes it, zip (torch >= 1.6) or legacy.
#pragma once

#include <filesystem>

#include "braid/checkpoint/tensors.h"

namespace braid {

// All tensors of the file, keys as stored. Aligned storages alias the mapped file; tensors that
// share a storage in the file share it here. Nothing in the file is executed (pickle.h).
// Error for anything but a dict of tensors that fit the file.
Tensors read_torch_bin(const std::filesystem::path& path);

}  // namespace braid
