// Interruption: every termination signal (SIGINT, SIGTERM, SIGHUP, ...) ends the process with
// status 130 and leaves no partial files.
#pragma once

#include <atomic>
#include <exception>

namespace braid {

// Thrown by writers once interrupted; main() then returns 130. Not an Error: nothing to fix.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

// Installs the handler; call once at the start of main(). While no partial file exists, a signal
// ends the process at once; otherwise it only sets a flag, and the writer throws Interrupted, which
// removes the partial files. Signals already ignored stay ignored. Also turns SIGXFSZ (file size
// limit) and SIGPIPE into ordinary write errors.
void remove_partials_on_signal();

bool interrupted() noexcept;
void throw_if_interrupted();

// Sets the flag, as the handler does while partial files exist, or clears it.
void set_interrupted(bool interrupted) noexcept;

// During its lifetime, writes by this thread ignore interruption: finished work is to be saved.
class LastWrite {
 public:
  LastWrite() noexcept;
  ~LastWrite();
  LastWrite(const LastWrite&) = delete;
  LastWrite& operator=(const LastWrite&) = delete;
};

// A file that a signal which ends the process removes. At most 16 at a time; the others stay.
class RemovedOnSignal {
 public:
  // `path` must outlive it.
  explicit RemovedOnSignal(const char* path) noexcept;
  ~RemovedOnSignal();
  RemovedOnSignal(const RemovedOnSignal&) = delete;
  RemovedOnSignal& operator=(const RemovedOnSignal&) = delete;

 private:
  std::atomic<const char*>* slot_ = nullptr;
};

// Held while a partial file or folder may be on disk.
class PartialGuard {
 public:
  PartialGuard() noexcept;
  ~PartialGuard();
  PartialGuard(const PartialGuard&) = delete;
  PartialGuard& operator=(const PartialGuard&) = delete;
};

}  // namespace braid
