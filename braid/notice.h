// Notices: what a user should know of an input that is read otherwise than it is written, or left
// out, or taken on trust. Each is given once.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <mutex>
#include <set>
#include <string>

namespace braid {

using NoticeTo = std::function<void(const std::string&)>;

namespace notices {
inline std::mutex mutex;
// A stream that takes nothing is no reason to end what the notice is of: fmt::print would throw.
inline NoticeTo to = [](const std::string& text) { std::fputs((text + "\n").c_str(), stderr); };
inline std::set<std::string> given;
}  // namespace notices

// Where notices go from now on; at first, to standard error. Called by one thread at a time.
inline void send_notices(NoticeTo to) {
  const std::scoped_lock lock(notices::mutex);
  notices::to = std::move(to);
  notices::given.clear();
}

template <typename... Args>
void notice(fmt::format_string<Args...> format, Args&&... args) {
  std::string text = fmt::format(format, std::forward<Args>(args)...);
  const std::scoped_lock lock(notices::mutex);
  if (notices::to && notices::given.insert(text).second) notices::to(text);
}

}  // namespace braid
