// Error: a failure that the user can fix. Its message is one line that names the file or tensor,
// what was expected, what was found and what to do. The command line prints it and exits with
// status 2.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace braid {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void require(bool holds, fmt::format_string<Args...> format, Args&&... args) {
  if (!holds) throw Error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace braid
