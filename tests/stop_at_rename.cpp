// Preloaded: a process dies of SIGKILL in the place of its rename number STOP_AT_RENAME, so that a
// test kills braid between the same two files on every machine.
#include <dlfcn.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

extern "C" int rename(const char* from, const char* to) noexcept {
  static std::atomic<int> count = 0;
  const char* last = std::getenv("STOP_AT_RENAME");
  if (last && ++count == std::atoi(last)) std::raise(SIGKILL);
  static const auto real = reinterpret_cast<decltype(&std::rename)>(dlsym(RTLD_NEXT, "rename"));
  return real(from, to);
}
