#include "cli/options.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <regex>

#include "braid/json/json_text.h"
#include "braid/pipeline/align_request.h"

namespace braid {
namespace {

std::string default_text(const Option& option) {
  if (!option.unset.empty()) return option.unset;
  const nlohmann::json value = option.get();
  if (value.is_string()) return value.get<std::string>();
  return value.empty() ? "" : to_text(value);
}

// Several values: --from-moments F1 F2.
bool takes_several(const Option& option) {
  return option.kind == OptionKind::words && option.choices.empty();
}

// The kind of value, as --help shows it.
std::string type_of(const Option& option) {
  if (!option.choices.empty()) return fmt::format("{{{}}}", fmt::join(option.choices, ","));
  switch (option.kind) {
    case OptionKind::integer:
      return "N";
    case OptionKind::number:
      return "X";
    case OptionKind::numbers:
      return "X,X,...";
    case OptionKind::bytes:
      return "SIZE";
    default:
      return option.use == Use::input || option.use == Use::output ? "PATH" : "TEXT";
  }
}

void add_option(CLI::App& command, const Option& option) {
  const bool stands_alone = std::isupper(static_cast<unsigned char>(option.name.front()));
  std::string name = stands_alone ? option.name : "--" + option.name;
  if (option.name == "out") name = "-o," + name;
  if (!option.other_name.empty()) name += ",--" + option.other_name;
  if (option.kind == OptionKind::flag) {
    command.add_flag_callback(
        name, [option] { option.set(true); }, option.help);
    if (!option.unset.empty()) {  // can be on by default, so it can be turned off
      command.add_flag_callback(
          "--no-" + option.name, [option] { option.set(false); }, "Turn off " + name);
    }
    return;
  }
  CLI::Option& added =
      takes_several(option)
          ? *command.add_option_function<std::vector<std::string>>(
                name, [option](const auto& words) { option.set(words); }, option.help)
          : *command.add_option_function<std::string>(
                name, [option](const std::string& text) { option.parse(text); }, option.help);
  added.default_str(option.required ? "" : default_text(option))->required(option.required);
  added.type_name(type_of(option));
}

}  // namespace

void add_options(CLI::App& command, const OptionList& options) {
  for (const Option& option : options) add_option(command, option);
}

void list_compute(OptionList& list, Compute& compute) {
  const OptionList options = options_of(compute);
  options.find("threads").set(0);
  list.append(options);
  static std::string device = "cpu";  // the library supports no other
  list.add("device", device, "Device to compute on; this version supports only the CPU")
      .one_of({"cpu"})
      .as(Use::output);
}

void list_threads(OptionList& list, Compute& compute) {
  const OptionList options = options_of(compute);
  options.find("threads").set(0);
  list.append(options.find("threads"));
}

void list_table(OptionList& list, std::string& file) {
  list.add("table", file,
           "Architecture as a YAML file; checkpoints may be any folder or file of weights")
      .as(Use::input);
}

Option& list_out(OptionList& list, std::string& folder, bool& overwrite) {
  list.add("overwrite", overwrite, "Replace OUT if it is a checkpoint").as(Use::output);
  return list.add("out", folder, "Checkpoint folder to write").needed().writing(Place::checkpoint);
}

void list_json(OptionList& list, std::string& file) {
  list.add("json", file,
           "Also write the result to this file as JSON; -: print JSON instead of text")
      .writing(Place::file);
}

std::string as_typed(int argc, const char* const* argv) {
  std::string line = "braid";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return std::isalnum(c) || c >= 128 || std::strchr("_-./:=,@%+", c);
    });
    line += " " + (plain ? word : "'" + std::regex_replace(word, std::regex("'"), "'\\''") + "'");
  }
  return line;
}

std::string in_words_of_the_command_line(const std::string& message) {
  static const std::regex option("`([a-z][a-z-]*)`");
  return std::regex_replace(message, option, "--$1");
}

}  // namespace braid
