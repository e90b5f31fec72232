#include "braid/tables/yaml_keys.h"

#include <set>

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

// Visits each node once, even if aliases repeat it.
void require_single_keys(const YAML::Node& node, const std::string& file, std::set<int>& met) {
  if (node.IsScalar() || !met.insert(node.Mark().pos).second) return;
  std::set<std::string> keys;
  for (const auto& entry : node) {
    if (!node.IsMap()) {
      require_single_keys(entry, file, met);
      continue;
    }
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    require(keys.insert(key).second, "{}:{}: '{}' appears twice", file, entry.first.Mark().line + 1,
            printable(key));
    require_single_keys(entry.second, file, met);
  }
}

}  // namespace

void require_single_keys(const YAML::Node& root, const std::string& file) {
  std::set<int> met;
  require_single_keys(root, file, met);
}

}  // namespace braid
