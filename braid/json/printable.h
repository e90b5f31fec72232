// Text from a file, made safe for messages: control and non-ASCII bytes escaped, long text cut.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace braid {

std::string printable(std::string_view text);

// The first few names and the number of the others.
std::string join_names(const std::vector<std::string>& names);

}  // namespace braid
