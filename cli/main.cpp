// braid: merges Transformer models trained from different random initialisations.
#include <c10/util/Exception.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

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
  const braid::OneThread pinned;  // parallel_for is what spreads work over cores
  braid::remove_partials_on_signal();
  spdlog::set_default_logger(spdlog::stderr_color_mt("braid"));
  spdlog::set_pattern("%H:%M:%S %v");
  braid::send_notices([](const std::string& text) {
    braid::clear_progress();
    spdlog::info("{}", braid::in_words_of_the_command_line(text));
  });
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
  fmt::print(stderr, "braid: {}\n", braid::in_words_of_the_command_line(message));
  return bad_input;
}
