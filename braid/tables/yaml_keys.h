// Keys of YAML mappings, of which YAML readers silently keep one where they are repeated.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace braid {

// Throws, naming the line, if a mapping in `root` has a key twice.
void require_single_keys(const YAML::Node& root, const std::string& file);

}  // namespace braid
