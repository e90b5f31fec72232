// Any bytes as a config.json: the tables and passes of the family's models, or Error.
#include "braid/families/families.h"
#include "braid/json/json_text.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const nlohmann::json config = braid::complete_config(braid::parse_json(text, "config.json"));
    const braid::Family& family = braid::find_family(config, "config.json");
    for (const braid::ModelClass& kind : family.classes) {
      family.describe(config, {kind.parts}).parameters();
    }
    family.ties(config);
    if (family.folds) family.folds(config);
    braid::make_network(config);
  } catch (const braid::Error&) {
  }
  return 0;
}
