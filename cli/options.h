// Options of requests (braid/pipeline/options.h) as command-line options.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>

#include "braid/compute.h"
#include "braid/pipeline/options.h"

namespace braid {

// Adds --NAME VALUE for each option; one named in capitals is positional. The variables that
// options refer to must outlive `command`.
void add_options(CLI::App& command, const OptionList& options);

// Adds options_of(Options&), and runs the command after checking its outputs against its inputs.
template <typename Options, typename Run>
void add_command(CLI::App& command, const std::shared_ptr<Options>& options, Run run) {
  const OptionList list = options_of(*options);
  add_options(command, list);
  command.callback([options, list, run] {
    files_of(list).check();
    run(*options);
  });
}

// --precision, --threads (default: all cores) and --device; list_threads adds --threads alone.
void list_compute(OptionList& list, Compute& compute);
void list_threads(OptionList& list, Compute& compute);

// --table, for commands whose request does not have it.
void list_table(OptionList& list, std::string& file);

// -o and --overwrite, for commands that write a checkpoint.
Option& list_out(OptionList& list, std::string& folder, bool& overwrite);

void list_json(OptionList& list, std::string& file);

// The command line, quoted for the shell.
std::string as_typed(int argc, const char* const* argv);

// Rewrites `option` in a message of the library to --option.
std::string in_words_of_the_command_line(const std::string& message);

}  // namespace braid
