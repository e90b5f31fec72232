// The moments file: a safetensors file, readable with any reader of the format.
//   bytes 0-7        n, little-endian uint64; then n bytes of JSON: {name: {"dtype", "shape",
//                    "data_offsets": [first byte, last byte + 1]}}; then the tensors, without gaps
// For every tap, with u units of A and v of B, observed at t tokens:
//   <tap>/tokens     I64 [1]: t >= 1
//   <tap>/mean_a     F64 [u], <tap>/mean_b F64 [v]: the means
//   <tap>/square_a   F64 [u], <tap>/square_b F64 [v]: sum (x - mean)^2 >= 0
//   <tap>/cross      F64 [u, v]: sum (x_a - mean_a) (x_b - mean_b)
// and once
//   provenance.json  U8 [bytes]: a JSON object: "a" and "b" {"path", "fingerprint"}, "text" the
//                    text observed, "observed" the options of observing
// Numbers are finite. No other tensors are allowed.
#include <set>

#include "braid/alignment/observe.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/json/json_field.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

constexpr const char* provenance_name = "provenance.json";

// Hands out the tensors of a file by name and shape.
class SavedTensors {
 public:
  explicit SavedTensors(const Tensors& tensors) : tensors_(tensors) {}

  // Size -1 matches any positive size.
  at::Tensor take(const std::string& name, at::ScalarType dtype,
                  const std::vector<std::int64_t>& shape) {
    const auto found = tensors_.find(name);
    require(found != tensors_.end(), "{} is missing", printable(name));
    const at::Tensor& tensor = found->second;
    bool fits = tensor.scalar_type() == dtype && tensor.dim() == std::ssize(shape);
    for (std::int64_t d = 0; fits && d < tensor.dim(); ++d) {
      const std::int64_t size = shape[static_cast<std::size_t>(d)];
      fits = size < 0 ? tensor.size(d) > 0 : tensor.size(d) == size;
    }
    require(fits, "{}: expected {} of shape [{}] (-1: any), found {} of shape [{}]",
            printable(name), at::toString(dtype), fmt::join(shape, ", "),
            at::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
    require(dtype != at::kDouble || all_finite(tensor), "{}: has NaN or infinity", printable(name));
    taken_.insert(name);
    return tensor;
  }

  void require_all_taken() const {
    for (const auto& [name, tensor] : tensors_) {
      require(taken_.contains(name), "unknown tensor {}", printable(name));
    }
  }

 private:
  const Tensors& tensors_;
  std::set<std::string> taken_;
};

Moments read_moments(SavedTensors& saved, const std::string& tap) {
  Moments m;
  m.cross = saved.take(tap + "/cross", at::kDouble, {-1, -1});
  const std::int64_t a = m.cross.size(0), b = m.cross.size(1);
  m.tokens = saved.take(tap + "/tokens", at::kLong, {1}).item<std::int64_t>();
  require(m.tokens > 0, "{}/tokens: expected at least 1, found {}", printable(tap), m.tokens);
  m.mean_a = saved.take(tap + "/mean_a", at::kDouble, {a});
  m.mean_b = saved.take(tap + "/mean_b", at::kDouble, {b});
  m.square_a = saved.take(tap + "/square_a", at::kDouble, {a});
  m.square_b = saved.take(tap + "/square_b", at::kDouble, {b});
  for (const auto& [name, square] : {std::pair{"a", &m.square_a}, std::pair{"b", &m.square_b}}) {
    require(square->min().item<double>() >= 0, "{}/square_{}: has a negative sum of squares",
            printable(tap), name);
  }
  return m;
}

nlohmann::json read_provenance(const at::Tensor& bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.const_data_ptr<std::uint8_t>()),
                              static_cast<std::size_t>(bytes.numel()));
  nlohmann::json provenance = parse_json(text, provenance_name);
  const JsonField fields(provenance, provenance_name);
  for (const char* side : {"a", "b"}) {
    if (!fields.has(side)) continue;
    if (fields.at(side).json().is_null()) {  // unknown, same as missing
      provenance.erase(side);
      continue;
    }
    for (const char* key : {"path", "fingerprint"}) {
      if (fields.at(side).has(key)) fields.at(side).at(key).text();
    }
  }
  return provenance;
}

}  // namespace

void save_moments(const std::filesystem::path& path, const MomentsByTap& moments,
                  const nlohmann::json& provenance) {
  Tensors tensors;
  for (const auto& [tap, m] : moments) {
    tensors[tap + "/tokens"] = at::tensor({m.tokens}, at::kLong);
    tensors[tap + "/mean_a"] = m.mean_a;
    tensors[tap + "/mean_b"] = m.mean_b;
    tensors[tap + "/square_a"] = m.square_a;
    tensors[tap + "/square_b"] = m.square_b;
    tensors[tap + "/cross"] = m.cross;
  }
  tensors[provenance_name] = json_tensor(provenance);
  write_safetensors(path, tensors);
}

SavedMoments load_moments(const std::filesystem::path& path) {
  const Tensors tensors = read_safetensors(path);
  try {
    SavedTensors reading(tensors);
    SavedMoments saved;
    saved.provenance = read_provenance(reading.take(provenance_name, at::kByte, {-1}));
    for (const auto& [name, tensor] : tensors) {
      if (!name.ends_with("/cross")) continue;
      const std::string tap = name.substr(0, name.size() - std::string_view("/cross").size());
      saved.moments.emplace(tap, read_moments(reading, tap));
    }
    reading.require_all_taken();
    require(!saved.moments.empty(), "no moments");
    return saved;
  } catch (const Error& error) {
    fail("{}: unusable moments: {}; observe these models again", path.string(), error.what());
  }
}

}  // namespace braid
