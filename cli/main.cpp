// braid: merges Transformer models trained from different random initialisations.
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <malloc.h>

#include <cstdlib>
#include <new>

#include "braid/checkpoint/interrupt.h"
#include "braid/error.h"
#include "braid/version.h"
#include "cli/command.h"
#include "cli/terminal.h"

namespace {

constexpr int bad_input = 2, was_interrupted = 130;

// libtorch appends a stack trace; its first line is the message.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

int run(int argc, char** argv) {
  CLI::App app{
      "braid merges Transformer models trained from different random initialisations,\n"
      "and measures how well that worked.\n\n"
      "  braid barrier A B --no-align --text TEXT          how far apart are they?\n"
      "  braid merge A B --text TEXT -o MERGED             one checkpoint out of two\n"
      "  braid align A B --text TEXT -o AB.alignment       the alignment alone\n"
      "  braid COMMAND --help                              options and examples\n",
      "braid"};
  app.set_version_flag("--version", std::string("braid ") + braid::version);
  app.require_subcommand(1);
  int status = 0;
  braid::add_inspect(app);
  braid::add_align(app);
  braid::add_canonicalise(app);
  braid::add_transform(app);
  braid::add_verify(app, status);
  std::string command_line = "braid";
  for (int i = 1; i < argc; ++i) command_line += std::string(" ") + argv[i];
  braid::add_merge(app, command_line);
  braid::add_interpolate(app);
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
    braid::clear_progress();
    fmt::print(stderr, "braid: {}\nTry 'braid --help' or 'braid COMMAND --help'.\n", error.what());
    return bad_input;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // One thread inside each task: parallel_for is what spreads work over cores.
  // Tensors come and go by the megabyte: keep their pages instead of asking the system each time
  // (32 MB is glibc's limit), in one arena for all threads, and take large ones as huge pages.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_ARENA_MAX, 1);
  setenv("THP_MEM_ALLOC_ENABLE", "1", 0);
  at::set_num_threads(1);
  at::set_num_interop_threads(1);
  braid::remove_partials_on_signal();
  spdlog::set_default_logger(spdlog::stderr_color_mt("braid"));
  spdlog::set_pattern("%H:%M:%S %v");
  std::string message;
  try {
    return run(argc, argv);
  } catch (const braid::Interrupted&) {
    braid::clear_progress();
    return was_interrupted;
  } catch (const std::bad_alloc&) {
    message = "out of memory";
  } catch (const c10::Error& error) {
    message = first_line(error.what_without_backtrace());
  } catch (const std::exception& error) {
    message = error.what();
  }
  braid::clear_progress();
  fmt::print(stderr, "braid: {}\n", message);
  return bad_input;
}
