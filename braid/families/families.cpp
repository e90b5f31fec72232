#include "braid/families/families.h"

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {

extern const Family bert, gpt2, gpt_neox, llama, mistral, qwen2, qwen3, olmo, olmo2, opt,
    modernbert, roberta, xlm_roberta, camembert, distilbert, electra, albert, deberta_v2, vit, deit,
    t5,
    mt5;  // each in its own file

const std::vector<const Family*>& families() {
  static const std::vector<const Family*> all = {
      &bert,   &gpt2,       &gpt_neox,   &llama,   &mistral,     &qwen2,     &qwen3,      &olmo,
      &olmo2,  &opt,        &modernbert, &roberta, &xlm_roberta, &camembert, &distilbert, &electra,
      &albert, &deberta_v2, &vit,        &deit,    &t5,          &mt5,
  };
  return all;
}

extern const Translation hf_olmo;

const Translation* find_translation(const nlohmann::json& config, const std::string& source) {
  const std::string type = JsonField(config, source).text("model_type", "");
  for (const Translation* translation : {&hf_olmo}) {
    if (translation->model_type == type) return translation;
  }
  return nullptr;
}

const Family& find_family(const nlohmann::json& config, const std::string& source) {
  // Google's original configurations have no model_type: they are of BERT, the first.
  const std::string type =
      JsonField(config, source).text("model_type", families().front()->model_type);
  std::vector<std::string> known;
  for (const Family* family : families()) {
    if (family->model_type == type) return *family;
    known.push_back(family->model_type);
  }
  fail("{}: model_type '{}' is not supported; supported: {}; for any other, pass a `table`", source,
       printable(type), fmt::join(known, ", "));
}

nlohmann::json complete_config(nlohmann::json config) {
  const Family& family = find_family(config, "config");
  config = with_defaults(family, as_meant(family, std::move(config)));
  config["model_type"] = family.model_type;
  if (!config.contains("architectures")) config["architectures"] = {family.classes.front().name};
  return config;
}

Symmetries table_with(const nlohmann::json& config, Predicts head) {
  const Family& family = find_family(config, "config.json");
  return family.describe(config, new_parts(family, family.class_with(head), config));
}

std::unique_ptr<Network> make_network(const nlohmann::json& config) {
  const Family& family = find_family(config, "config.json");
  return family.network(config, new_parts(family, family.classes.front(), config));
}

}  // namespace braid
