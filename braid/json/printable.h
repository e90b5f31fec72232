// Text from a file as a message may show it: control bytes escaped, long text cut.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace braid {

std::string printable(std::string_view text);

// The first few of many names.
std::string join_names(const std::vector<std::string>& names);

}  // namespace braid
