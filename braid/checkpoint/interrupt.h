// Interruption: every signal that asks the process to end (SIGINT, SIGTERM, SIGHUP and others) ends
// it with status 130 and leaves no partial files.
#pragma once

#include <exception>

namespace braid {

// Thrown by writers once interrupted; main() returns 130 on it. Not an Error: nothing to mend.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

// Installs the handler, once, at the start of main(). While no partial file is there, a signal ends
// the process at once; otherwise it only raises the flag, and the writer throws Interrupted, which
// removes the partial files. A signal that was ignored before stays so. Also turns SIGXFSZ (file
// size limit) and SIGPIPE into ordinary write errors.
void remove_partials_on_signal();

bool interrupted() noexcept;
void throw_if_interrupted();

// What the handler does when partial files are there; `interrupted = false` lowers the flag.
void set_interrupted(bool interrupted) noexcept;

// While one lives, this thread writes on though it was interrupted: what it has done is to be kept.
class LastWrite {
 public:
  LastWrite() noexcept;
  ~LastWrite();
  LastWrite(const LastWrite&) = delete;
  LastWrite& operator=(const LastWrite&) = delete;
};

// Lives as long as a partial file or folder may be on disk.
class PartialGuard {
 public:
  PartialGuard() noexcept;
  ~PartialGuard();
  PartialGuard(const PartialGuard&) = delete;
  PartialGuard& operator=(const PartialGuard&) = delete;
};

}  // namespace braid
