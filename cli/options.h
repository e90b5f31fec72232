// The command line's reading of a request's options (braid/pipeline/options.h).
#pragma once

#include <CLI/CLI.hpp>

#include "braid/compute.h"
#include "braid/pipeline/options.h"

namespace braid {

// --name VALUE for each. What the options refer to must outlive `command`.
void add_options(CLI::App& command, const OptionList& options);

// --precision, --device and --threads, by default all cores.
void add_compute(CLI::App& command, Compute& compute);
// --threads alone, where the rest is not to be chosen.
void add_threads(CLI::App& command, Compute& compute);

// --table, where it is not an option of a request.
void add_table(CLI::App& command, std::string& file);

void add_json(CLI::App& command, std::string& file);

// The command, so that a shell reads it again as it was.
std::string as_typed(int argc, const char* const* argv);

// A message of the library's with `option` as a person types it, --option.
std::string in_words_of_the_command_line(const std::string& message);

}  // namespace braid
