// Text from a file as a message may show it: control bytes escaped, long text cut.
#pragma once

#include <string>
#include <string_view>

namespace braid {

std::string printable(std::string_view text);

}  // namespace braid
