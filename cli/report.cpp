// braid report: renders results as an HTML page, and as figures for a paper.
#include "braid/report/report.h"

#include <spawn.h>
#include <sys/wait.h>

#include "braid/checkpoint/atomic_file.h"
#include "braid/error.h"
#include "cli/command.h"
#include "cli/options.h"

extern char** environ;

namespace braid {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string input, out, figures, command_line;
  bool png = false;
};

// Rasterised by librsvg's program, for tools that cannot read SVG.
void write_png(const fs::path& svg) {
  const std::string in = svg.string(), out = fs::path(svg).replace_extension(".png").string();
  std::string program = "rsvg-convert", zoom = "--zoom=3", to = "--output=" + out, from = in;
  char* arguments[] = {program.data(), zoom.data(), to.data(), from.data(), nullptr};
  pid_t child = 0;
  int status = 0;
  const bool ran =
      posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments, environ) == 0 &&
      waitpid(child, &status, 0) == child && WIFEXITED(status);
  require(ran && WEXITSTATUS(status) != 127,
          "`png` needs the program rsvg-convert (Debian: librsvg2-bin)");
  require(WEXITSTATUS(status) == 0, "{}: rsvg-convert failed with status {}", in,
          WEXITSTATUS(status));
}

OptionList options_of(Options& options) {
  OptionList list;
  list.add("RESULTS", options.input, "Study folder, results.json, or the JSON of a curve")
      .needed()
      .reading(report_files);
  list.add("out", options.out, "Page to write; default report.html in the folder, or FILE.html")
      .writing(Place::file);
  list.add("figures", options.figures, "Also write every figure to this folder as SVG")
      .writing(Place::folder, {"*.svg", "*.png"});
  list.add("png", options.png, "Also write figures as PNG (needs rsvg-convert)");
  return list;
}

void write_report(const Options& options) try {
  const ReportInput input = read_report_input(options.input);
  write_file_atomically(options.out, report_page(input, options.command_line));
  fmt::print("written to {}\n", options.out);
  if (options.figures.empty()) return;
  for (const fs::path& svg : write_figures(input, options.figures)) {
    fmt::print("written to {}\n", svg.string());
    if (options.png) write_png(svg);
  }
} catch (const nlohmann::json::exception&) {
  fail("{}: a value is missing or has the wrong type; write the file again", options.input);
}

void run(Options& options) {
  require(!options.png || !options.figures.empty(), "`png` requires `figures` FOLDER");
  fs::path out = options.out;
  if (out.empty()) {
    out = fs::is_directory(options.input) ? fs::path(options.input) / "report.html"
                                          : fs::path(options.input).replace_extension(".html");
  }
  options.out = out.string();
  files_of(options_of(options)).check();
  write_report(options);
}

}  // namespace

void add_report(CLI::App& app, const std::string& command_line) {
  CLI::App& command = *app.add_subcommand(
      "report",
      "Write one self-contained HTML page from a study or from a curve.\n\n"
      "  braid report out/components\n"
      "  braid report AB.json -o AB.html                    (AB.json: braid barrier --json)\n"
      "  braid report out/components --figures figures --png");
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  add_command(command, options, run);
}

}  // namespace braid
