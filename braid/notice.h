// Notices: non-fatal messages about input that was reinterpreted, ignored or assumed. Each distinct
// message is shown once.
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
// fputs, since fmt::print would throw on a closed stream and end the work.
inline NoticeTo to = [](const std::string& text) { std::fputs((text + "\n").c_str(), stderr); };
inline std::set<std::string> given;
}  // namespace notices

// Redirects notices, which go to standard error by default. `to` is called by one thread at a time.
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
