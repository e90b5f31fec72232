// braid: merges Transformer models trained from different random initialisations.
#include <c10/util/Exception.h>
#include <fcntl.h>
#include <malloc.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

#include "braid/checkpoint/interrupt.h"
#include "braid/error.h"
#include "braid/notice.h"
#include "braid/parallel.h"
#include "braid/version.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace {

constexpr int bad_input = 2, was_interrupted = 130;

// libtorch appends a stack trace; its first line is the message.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// An error raised outside braid: names the command, and asks for a report.
std::string not_ours(int argc, char** argv, const std::string& text) {
  return fmt::format("{} failed: {} (unexpected error; please report it)",
                     argc > 1 ? argv[1] : "braid", first_line(text));
}

// Standard output was closed at start-up.
bool no_output = false;

std::string not_printed() {
  return std::string("could not write the result to standard output: ") +
         (no_output ? "it is closed" : std::strerror(errno));
}

// The next file opened would get the descriptor of a closed standard stream, and its output. A
// read-only placeholder makes such writes fail.
void open_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    ::open("/dev/null", O_RDONLY);
    no_output |= stream == STDOUT_FILENO;
  }
}

// Tensors are allocated and freed by the megabyte: keep their pages instead of returning them to
// the system (32 MB is glibc's limit), in one arena for all threads, with huge pages for large
// ones.
void keep_pages() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_ARENA_MAX, 1);
  setenv("THP_MEM_ALLOC_ENABLE", "1", 0);
}

int run(int argc, char** argv) {
  CLI::App app{
      "braid merges Transformer models trained from different random initialisations,\n"
      "and measures the result.\n\n"
      "  braid barrier A B --no-align --text TEXT          the loss barrier without alignment\n"
      "  braid merge A B --text TEXT -o MERGED             merge two checkpoints into one\n"
      "  braid align A B --text TEXT -o AB.alignment       only the alignment\n"
      "  braid COMMAND --help                              options and examples\n",
      "braid"};
  app.set_version_flag("--version", std::string("braid ") + braid::version);
  app.require_subcommand(1);
  int status = 0;
  const std::string command_line = braid::as_typed(argc, argv);
  braid::add_inspect(app);
  braid::add_align(app);
  braid::add_canonicalise(app, command_line);
  braid::add_transform(app, command_line);
  braid::add_verify(app, status);
  braid::add_merge(app, command_line);
  braid::add_interpolate(app, command_line);
  braid::add_evaluate(app);
  braid::add_barrier(app);
  braid::add_pretrain(app);
  braid::add_finetune(app);
  braid::add_study(app, command_line);
  braid::add_report(app, command_line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    braid::say(
        fmt::format("braid: {}\nTry 'braid --help' or 'braid COMMAND --help'.", error.what()));
    return bad_input;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  open_closed_streams();
  keep_pages();
  const braid::OneThread pinned;  // only parallel_for spreads work over cores
  braid::remove_partials_on_signal();
  spdlog::set_default_logger(spdlog::stderr_color_mt("braid"));
  spdlog::set_pattern("%H:%M:%S %v");
  braid::send_notices(
      [](const std::string& text) { braid::log_line(braid::in_words_of_the_command_line(text)); });
  std::string message;
  try {
    const int status = run(argc, argv);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    message = not_printed();
  } catch (const braid::Interrupted&) {
    braid::clear_progress();
    return was_interrupted;
  } catch (const std::bad_alloc&) {
    message = "out of memory";
  } catch (const braid::Error& error) {
    message = error.what();
  } catch (const std::filesystem::filesystem_error& error) {
    message = fmt::format("{}: {}", error.path1().string(), error.code().message());
  } catch (const c10::Error& error) {
    const std::string said = error.what_without_backtrace();
    const bool memory = said.find("DefaultCPUAllocator") != said.npos;
    message = memory ? "out of memory" : not_ours(argc, argv, said);
  } catch (const std::exception& error) {
    message = std::ferror(stdout) ? not_printed() : not_ours(argc, argv, error.what());
  }
  constexpr std::size_t longest = 1500;
  if (message.size() > longest) message = message.substr(0, longest) + " ...";
  braid::say("braid: " + braid::in_words_of_the_command_line(message));
  return bad_input;
}
