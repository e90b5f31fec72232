#include "braid/checkpoint/json_text.h"

#include <set>
#include <string>
#include <vector>

#include "braid/checkpoint/printable.h"
#include "braid/error.h"

namespace braid {

nlohmann::json parse_json(std::string_view text, std::string_view what, JsonLimits limits) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> keys;  // of the objects still open
  std::size_t values = 0;
  const auto check = [&](int depth, Event event, nlohmann::json& parsed) {
    require(++values <= limits.values, "{}: more than {} JSON values", what, limits.values);
    require(depth <= limits.depth, "{}: JSON nested deeper than {}", what, limits.depth);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      require(keys.back().insert(key).second, "{}: \"{}\" is there twice", what, printable(key));
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, check);
  } catch (const nlohmann::json::parse_error& error) {
    fail("{}: not valid JSON: stopped making sense at byte {} of {}", what, error.byte,
         text.size());
  } catch (const nlohmann::json::exception&) {
    fail("{}: not valid JSON: a number is too large", what);
  }
}

}  // namespace braid
