// Progress: how long work tells a caller where it is. Called from one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace braid {

// (what is being done, units done, units in all)
using Progress = std::function<void(std::string_view, std::int64_t, std::int64_t)>;

}  // namespace braid
