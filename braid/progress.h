// Progress: callback of long-running work. Called from one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace braid {

// (activity, units done, total units)
using Progress = std::function<void(std::string_view, std::int64_t, std::int64_t)>;

}  // namespace braid
