#include "braid/families/families.h"

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {

extern const Family bert, gpt2;  // each in the file of its name

const std::vector<const Family*>& families() {
  static const std::vector<const Family*> all = {
      &bert,
      &gpt2,
  };
  return all;
}

const Family& find_family(const nlohmann::json& config, const std::string& source) {
  // Google's original configurations name no type: they are BERT's, the first.
  const std::string type =
      JsonField(config, source).text("model_type", families().front()->model_type);
  std::vector<std::string> known;
  for (const Family* family : families()) {
    if (family->model_type == type) return *family;
    known.push_back(family->model_type);
  }
  fail("{}: model_type '{}' is not supported; supported: {}", source, printable(type),
       fmt::join(known, ", "));
}

nlohmann::json complete_config(nlohmann::json config) {
  const Family& family = find_family(config, "config");
  config = as_meant(family, std::move(config));
  config["model_type"] = family.model_type;
  for (const auto& [key, value] : family.defaults.items()) {
    if (!config.contains(key)) config[key] = value;
  }
  if (!config.contains("architectures")) config["architectures"] = {family.classes.front().name};
  return config;
}

Symmetries table_with(const nlohmann::json& config, Predicts head) {
  const Family& family = find_family(config, "config.json");
  return family.describe(config, {family.class_with(head).parts});
}

std::unique_ptr<Network> make_network(const nlohmann::json& config) {
  const Family& family = find_family(config, "config.json");
  return family.network(config, {family.classes.front().parts});
}

}  // namespace braid
