// The command line's reading of a request's options (braid/pipeline/options.h).
#pragma once

#include <CLI/CLI.hpp>

#include <memory>

#include "braid/compute.h"
#include "braid/pipeline/options.h"

namespace braid {

// --name VALUE for each; a name in capitals is an argument without one. What the options refer to
// must outlive `command`.
void add_options(CLI::App& command, const OptionList& options);

// All that a command is told, by options_of(Options&). Before it runs, what it writes is held
// against what it reads.
template <typename Options, typename Run>
void add_command(CLI::App& command, const std::shared_ptr<Options>& options, Run run) {
  const OptionList list = options_of(*options);
  add_options(command, list);
  command.callback([options, list, run] {
    files_of(list).check();
    run(*options);
  });
}

// --precision, and --threads, by default all cores; --threads alone, where the rest is not to be
// chosen.
void list_compute(OptionList& list, Compute& compute);
void list_threads(OptionList& list, Compute& compute);

// --table, where it is not an option of a request.
void list_table(OptionList& list, std::string& file);

// -o and --overwrite of a command that writes a checkpoint.
Option& list_out(OptionList& list, std::string& folder, bool& overwrite);

void list_json(OptionList& list, std::string& file);

// The command, so that a shell reads it again as it was.
std::string as_typed(int argc, const char* const* argv);

// A message of the library's with `option` as a person types it, --option.
std::string in_words_of_the_command_line(const std::string& message);

}  // namespace braid
