// The commands of `braid`, one file each: a few lines over the library's stages.
#pragma once

#include <CLI/CLI.hpp>

namespace braid {

// Each adds its subcommand to `app`. `status` becomes the exit status. `command_line` is as typed,
// for model cards and reports.
void add_inspect(CLI::App& app);
void add_align(CLI::App& app);
void add_canonicalise(CLI::App& app, const std::string& command_line);
void add_transform(CLI::App& app, const std::string& command_line);
void add_verify(CLI::App& app, int& status);
void add_merge(CLI::App& app, const std::string& command_line);
void add_interpolate(CLI::App& app, const std::string& command_line);
void add_evaluate(CLI::App& app);
void add_barrier(CLI::App& app);
void add_pretrain(CLI::App& app);
void add_finetune(CLI::App& app);
void add_study(CLI::App& app, const std::string& command_line);
void add_report(CLI::App& app, const std::string& command_line);

}  // namespace braid
