#include "cli/options.h"

#include <regex>

#include "braid/pipeline/align_request.h"

namespace braid {
namespace {

std::string shown(const Option& option) {
  if (!option.unset.empty()) return option.unset;
  const nlohmann::json value = option.get();
  if (value.is_string()) return value.get<std::string>();
  return value.empty() ? "" : value.dump();
}

// Files one after another: --from-moments F1 F2.
bool takes_several(const Option& option) { return option.kind == "list" && option.choices.empty(); }

void add_option(CLI::App& command, const Option& option) {
  std::string name = "--" + option.name;
  if (!option.other_name.empty()) name += ",--" + option.other_name;
  if (option.kind == "flag") {
    command.add_flag_callback(
        name, [option] { option.set(true); }, option.help);
    return;
  }
  CLI::Option& added =
      takes_several(option)
          ? *command.add_option_function<std::vector<std::string>>(
                name, [option](const auto& words) { option.set(words); }, option.help)
          : *command.add_option_function<std::string>(
                name, [option](const std::string& text) { option.parse(text); }, option.help);
  added.default_str(shown(option));
  if (!option.choices.empty()) {
    added.type_name(fmt::format("{{{}}}", fmt::join(option.choices, ",")));
  }
}

}  // namespace

void add_options(CLI::App& command, const OptionList& options) {
  for (const Option& option : options) add_option(command, option);
}

void add_compute(CLI::App& command, Compute& compute) {
  const OptionList options = options_of(compute);
  options.find("threads").set(0);
  add_options(command, options);
}

void add_threads(CLI::App& command, Compute& compute) {
  const OptionList options = options_of(compute);
  options.find("threads").set(0);
  add_option(command, options.find("threads"));
}

void add_json(CLI::App& command, std::string& file) {
  command.add_option("--json", file, "Write the result as JSON here too; - = stdout");
}

std::string in_words_of_the_command_line(const std::string& message) {
  static const std::regex option("`([a-z][a-z-]*)`");
  return std::regex_replace(message, option, "--$1");
}

}  // namespace braid
