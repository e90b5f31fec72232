#include "braid/checkpoint/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace braid {
namespace {

// A signal handler may only access lock-free atomics.
std::atomic<bool> raised{false};
std::atomic<int> partials{0};
std::array<std::atomic<const char*>, 16> removed{};
thread_local int last_writes = 0;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free &&
              std::atomic<const char*>::is_always_lock_free);

// All signals that request termination and can be handled.
constexpr std::array requests = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,   SIGALRM,
                                 SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF};

void handle_signal(int) {
  if (partials == 0) {
    for (const auto& slot : removed) {
      if (const char* path = slot.load()) ::unlink(path);
    }
    ::_exit(130);
  }
  raised = true;
}

}  // namespace

void remove_partials_on_signal() {
  struct sigaction action {};
  action.sa_handler = handle_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int request : requests) {
    struct sigaction before {};
    ::sigaction(request, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(request, &action, nullptr);  // nohup and the like
  }
  // Empty handlers: unlike SIG_IGN, they are not inherited by programs that are started.
  action.sa_handler = [](int) {};
  ::sigaction(SIGPIPE, &action, nullptr);
  ::sigaction(SIGXFSZ, &action, nullptr);
}

bool interrupted() noexcept { return raised; }

void throw_if_interrupted() {
  if (raised && last_writes == 0) throw Interrupted();
}

void set_interrupted(bool interrupted) noexcept { raised = interrupted; }

LastWrite::LastWrite() noexcept { ++last_writes; }
LastWrite::~LastWrite() { --last_writes; }

RemovedOnSignal::RemovedOnSignal(const char* path) noexcept {
  for (auto& slot : removed) {
    const char* free = nullptr;
    if (!slot.compare_exchange_strong(free, path)) continue;
    slot_ = &slot;
    return;
  }
}
RemovedOnSignal::~RemovedOnSignal() {
  if (slot_) *slot_ = nullptr;
}

PartialGuard::PartialGuard() noexcept { ++partials; }
PartialGuard::~PartialGuard() { --partials; }

}  // namespace braid
