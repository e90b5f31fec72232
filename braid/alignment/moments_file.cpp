// Moments on disk: a safetensors file of float64 tensors, "<tap>/cross" and so on, with the token
// counts and the provenance as tensors of bytes, so that any reader of the format can open it.
#include "braid/alignment/observe.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"

namespace braid {
namespace {

constexpr const char* provenance_name = "provenance.json";

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
  SavedMoments saved;
  const auto get = [&](const std::string& name, std::int64_t dims, at::ScalarType dtype) {
    const auto found = tensors.find(name);
    require(found != tensors.end() && found->second.dim() == dims &&
                found->second.scalar_type() == dtype,
            "{}: {} is missing or malformed: these are not moments saved by braid align --moments",
            path.string(), name);
    return found->second;
  };
  saved.provenance = json_from_tensor(get(provenance_name, 1, at::kByte));
  require(saved.provenance.is_object(), "{}: its provenance is not JSON", path.string());
  for (const auto& [name, tensor] : tensors) {
    if (!name.ends_with("/cross")) continue;
    const std::string tap = name.substr(0, name.size() - 6);
    Moments m;
    m.tokens = get(tap + "/tokens", 1, at::kLong).item<std::int64_t>();
    m.mean_a = get(tap + "/mean_a", 1, at::kDouble);
    m.mean_b = get(tap + "/mean_b", 1, at::kDouble);
    m.square_a = get(tap + "/square_a", 1, at::kDouble);
    m.square_b = get(tap + "/square_b", 1, at::kDouble);
    m.cross = get(name, 2, at::kDouble);
    require(m.tokens > 0 && m.cross.size(0) == m.mean_a.size(0) &&
                m.cross.size(1) == m.mean_b.size(0) && m.square_a.sizes() == m.mean_a.sizes() &&
                m.square_b.sizes() == m.mean_b.sizes(),
            "{}: the moments of {} do not fit together", path.string(), tap);
    saved.moments.emplace(tap, m);
  }
  require(!saved.moments.empty(), "{}: holds no moments", path.string());
  return saved;
}

}  // namespace braid
