#include "braid/alignment/features_file.h"

#include <algorithm>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

std::int64_t units_of(const Symmetries& symmetries, const std::string& tap) {
  return c10::multiply_integers(symmetries.sizes(symmetries.tap(tap).axes));
}

Tensors read_features(const Symmetries& symmetries, const fs::path& file) {
  Tensors features = read_safetensors(file);
  std::vector<std::string> taps;
  for (const Tap& tap : symmetries.taps) taps.push_back(tap.name);
  require(!taps.empty(), "{}: features are named by taps, but the table has none; add `taps` to it",
          file.string());
  for (const auto& [name, tensor] : features) {
    require(std::find(taps.begin(), taps.end(), name) != taps.end(),
            "{}: {} is not a tap; taps: {}", file.string(), printable(name), join_names(taps));
    const std::int64_t units = units_of(symmetries, name);
    require(at::isFloatingType(tensor.scalar_type()) && tensor.dim() == 2 &&
                tensor.size(1) == units && tensor.size(0) > 0,
            "{}: {} is {} of shape [{}], expected floating point of shape (tokens, {})",
            file.string(), printable(name), at::toString(tensor.scalar_type()),
            fmt::join(tensor.sizes(), ", "), units);
  }
  return features;
}

// A float64 copy of a chunk's rows, to be centred in place.
at::Tensor rows(const at::Tensor& features, std::int64_t begin, std::int64_t count,
                const std::string& name, const fs::path& file) {
  at::Tensor chunk = features.narrow(0, begin, count).to(at::kDouble, false, true);
  require(all_finite(chunk), "{}: {} has NaN or infinity in rows {} to {}", file.string(), name,
          begin, begin + count - 1);
  return chunk;
}

}  // namespace

MomentsByTap observe_features(const Symmetries& symmetries, const std::vector<std::string>& taps,
                              const fs::path& file_a, const fs::path& file_b) {
  constexpr std::int64_t chunk_rows = 1024;
  const c10::InferenceMode inference;
  const Tensors a = read_features(symmetries, file_a), b = read_features(symmetries, file_b);
  MomentsByTap moments;
  for (const std::string& tap : taps) {
    for (const auto& [features, file] : {std::pair(&a, &file_a), {&b, &file_b}}) {
      require(features->contains(tap), "{}: no features for tap {}, required by these options",
              file->string(), tap);
    }
    const at::Tensor &x = a.at(tap), &y = b.at(tap);
    require(x.size(0) == y.size(0),
            "{} has {} rows of {}, {} has {}: rows must be the same tokens in both",
            file_a.string(), x.size(0), tap, file_b.string(), y.size(0));
    const std::int64_t units = x.size(1);
    MomentsStream stream(units, units);
    for (std::int64_t begin = 0; begin < x.size(0); begin += chunk_rows) {
      const std::int64_t count = std::min(chunk_rows, x.size(0) - begin);
      at::Tensor of_a = rows(x, begin, count, tap, file_a),
                 of_b = rows(y, begin, count, tap, file_b);
      stream.add_sums(of_a, of_b);
      stream.add_cross(of_a, of_b, 0, units);
    }
    moments.emplace(tap, std::move(stream).finish());
  }
  return moments;
}

}  // namespace braid
