// Any bytes as a config.json: the table of a model of that shape, or Error.
#include "braid/checkpoint/json_text.h"
#include "braid/families/families.h"
#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const nlohmann::json config = braid::complete_config(braid::parse_json(text, "config.json"));
    const braid::Family& family = braid::find_family(config, "config.json");
    family.describe(config, {family.classes.front().parts}).parameters();
  } catch (const braid::Error&) {
  }
  return 0;
}
