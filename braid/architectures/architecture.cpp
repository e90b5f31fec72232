#include "braid/architectures/architecture.h"

#include <algorithm>

#include "braid/architectures/bert.h"
#include "braid/architectures/gpt2.h"
#include "braid/error.h"

namespace braid {

const Architecture& find_architecture(const nlohmann::json& config, const std::string& source) {
  static const std::vector<const Architecture*> families = {&bert_architecture(),
                                                            &gpt2_architecture()};
  // Google's original configurations name no type: they are BERT's.
  const nlohmann::json type = config.value("model_type", nlohmann::json("bert"));
  require(type.is_string(), "{}: model_type is {}, expected a string", source, type.dump());
  std::vector<std::string> known;
  for (const Architecture* family : families) {
    if (family->model_type == type) return *family;
    known.push_back(family->model_type);
  }
  fail("{}: model_type '{}' is not supported; supported: {}", source, type.get<std::string>(),
       fmt::join(known, ", "));
}

std::string stored_name(const Architecture& family, const std::string& name) {
  const bool head = std::any_of(family.head_prefixes.begin(), family.head_prefixes.end(),
                                [&](const std::string& p) { return name.starts_with(p); });
  return head ? name : family.prefix + name;
}

std::int64_t config_size(const nlohmann::json& config, const char* key, std::int64_t fallback) {
  constexpr std::int64_t limit = 1 << 24;
  const nlohmann::json value = config.value(key, nlohmann::json(fallback));
  require(value.is_number_integer() && value > 0 && value <= limit,
          "config.json: {} is {}, expected an integer from 1 to {}", key,
          config.contains(key) ? value.dump() : "missing", limit);
  return value.get<std::int64_t>();
}

}  // namespace braid
