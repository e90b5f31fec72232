#include "braid/checkpoint/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace braid {
namespace {

// Lock-free atomics are all a signal handler may touch.
std::atomic<bool> raised{false};
std::atomic<int> partials{0};
thread_local int last_writes = 0;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void handle_signal(int) {
  if (partials == 0) ::_exit(130);
  raised = true;
}

}  // namespace

void remove_partials_on_signal() {
  struct sigaction action {};
  action.sa_handler = handle_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGXFSZ, SIG_IGN);
}

bool interrupted() noexcept { return raised; }

void throw_if_interrupted() {
  if (raised && last_writes == 0) throw Interrupted();
}

void set_interrupted(bool interrupted) noexcept { raised = interrupted; }

LastWrite::LastWrite() noexcept { ++last_writes; }
LastWrite::~LastWrite() { --last_writes; }

PartialGuard::PartialGuard() noexcept { ++partials; }
PartialGuard::~PartialGuard() { --partials; }

}  // namespace braid
