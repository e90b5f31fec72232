// Option: name, type, limits, help and file use of one field of a request. The command line, YAML
// files, provenance, cache keys and docs/options.md are all generated from these lists, so an
// option is added in one place.
#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "braid/checkpoint/output_claim.h"
#include "braid/error.h"

namespace braid {

// How an option affects the result.
enum class Use {
  features,  // determines the features: moments and result depend on it
  result,    // only the result depends on it
  input,     // a file or folder that is read: keys hold its content instead of its name
  output,    // where and how to write: the result does not depend on it
};

// Type of a value, in JSON and as text. `bytes`: a size of files or memory.
enum class OptionKind { flag, integer, number, bytes, word, words, numbers };

// The files and folders that a value names.
using PathsOf = std::function<std::vector<std::filesystem::path>(const std::string&)>;
// The value itself, unless it is one of `words`.
PathsOf path_unless(std::vector<std::string> words);

// Upper limit of factors that scale float32 tensors.
inline constexpr double most_factor = 1e30;

struct Option {
  std::string name;        // "in-head", as on the command line and in YAML; see key()
  std::string other_name;  // alias that matches another command's name; may be empty
  std::string help;
  Use use = Use::result;
  OptionKind kind = OptionKind::word;
  std::vector<std::string> choices;  // of a word, or of a list's words; empty: any
  double least = -std::numeric_limits<double>::infinity();  // of a number, or of a list's
  double most = std::numeric_limits<double>::infinity();
  std::string unset;                    // the default in words, for help
  bool required = false;                // on the command line
  bool names_nothing = false;           // free text that is not a file or folder
  PathsOf reads;                        // inputs that a value names; see files_of
  std::optional<Place> place;           // kind of output that a value names
  std::vector<std::string> inside;      // patterns of the files that are written into a folder
  std::vector<std::string> stages;      // that keep a state beside it (state_beside)
  std::function<nlohmann::json()> get;  // null if not given
  std::function<void(const nlohmann::json&)> put;

  // "in_head": in JSON and Python.
  std::string key() const;
  // Throws an Error that names the option, what was expected and what was found.
  void set(const nlohmann::json& value) const;
  // Sets the value from text of a command line or YAML file.
  void parse(const std::string& text) const;

  // Setters, for chaining.
  Option& as(Use of);
  Option& also(std::string name);
  Option& from(double limit);
  Option& to(double limit);
  Option& one_of(std::vector<std::string> words);
  Option& otherwise(std::string text);  // sets `unset`
  Option& needed();
  Option& plain();
  Option& reading(PathsOf paths);
  Option& writing(Place at, std::vector<std::string> names = {});
  Option& keeping(std::vector<std::string> of);  // sets `stages`
};

// Names of values.
template <typename T>
using Choices = std::vector<std::pair<const char*, T>>;

// The options of a request. They read and write its members, so it must outlive them.
class OptionList {
 public:
  // T: bool, an integer, double or std::string, a std::optional of these, a set or vector of
  // strings, or a vector of double.
  template <typename T>
  Option& add(std::string name, T& value, std::string help);
  // T: E or std::optional<E>, given by name.
  template <typename T, typename E>
  Option& add(std::string name, T& value, Choices<E> choices, std::string help);

  // A size of files or memory: 5GB, 300 MiB, bytes.
  Option& add_bytes(std::string name, std::int64_t& value, std::string help);

  std::vector<Option>::const_iterator begin() const { return options_.begin(); }
  std::vector<Option>::const_iterator end() const { return options_.end(); }
  // Throws an Error that lists the options if none has this name.
  const Option& find(const std::string& name) const;
  void append(const OptionList& more);
  void append(const Option& more) { options_.push_back(more); }

  // {key: value} of the options with one of these uses.
  nlohmann::json values(std::initializer_list<Use> uses) const;
  // The inverse; options missing from `object` keep their values. Throws on an unknown key.
  void assign(const nlohmann::json& object) const;

 private:
  Option& entry(std::string name, OptionKind kind, std::string help);

  std::vector<Option> options_;
};

// The inputs and outputs that the options name; "-" is standard output. Throws if a free-text
// option is not declared as input, output or plain.
FilePlan files_of(const OptionList& options);

// Implementation.
namespace option_values {

template <typename T>
struct Optional : std::false_type {};
template <typename T>
struct Optional<std::optional<T>> : std::true_type {};

template <typename T>
constexpr OptionKind kind() {
  if constexpr (Optional<T>::value)
    return kind<typename T::value_type>();
  else if constexpr (std::is_same_v<T, bool>)
    return OptionKind::flag;
  else if constexpr (std::is_integral_v<T>)
    return OptionKind::integer;
  else if constexpr (std::is_floating_point_v<T>)
    return OptionKind::number;
  else if constexpr (std::is_same_v<T, std::string>)
    return OptionKind::word;
  else
    return std::is_same_v<T, std::vector<double>> ? OptionKind::numbers : OptionKind::words;
}

// Unsigned integers.
template <typename T>
constexpr bool is_natural() {
  if constexpr (Optional<T>::value) {
    return is_natural<typename T::value_type>();
  } else {
    return std::is_unsigned_v<T> && !std::is_same_v<T, bool>;
  }
}

// The conversion of nlohmann::json wraps integers that do not fit.
template <typename T>
T convert(const nlohmann::json& json, const std::string& name) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>());
    require(fits, "`{}` is {}, expected a number from {} to {}", name, json.dump(),
            std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  }
  return json.get<T>();
}

}  // namespace option_values

template <typename T>
Option& OptionList::add(std::string name, T& value, std::string help) {
  Option& option = entry(std::move(name), option_values::kind<T>(), std::move(help));
  if constexpr (option_values::is_natural<T>()) option.least = 0;
  option.get = [&value]() -> nlohmann::json {
    if constexpr (option_values::Optional<T>::value) {
      return value ? nlohmann::json(*value) : nlohmann::json();
    } else {
      return value;
    }
  };
  option.put = [&value, name = option.name](const nlohmann::json& json) {
    using option_values::convert;
    if constexpr (option_values::Optional<T>::value) {
      value = json.is_null() ? T() : T(convert<typename T::value_type>(json, name));
    } else {
      value = convert<T>(json, name);
    }
  };
  return option;
}

template <typename T, typename E>
Option& OptionList::add(std::string name, T& value, Choices<E> choices, std::string help) {
  Option& option = entry(std::move(name), OptionKind::word, std::move(help));
  for (const auto& [word, meaning] : choices) option.choices.emplace_back(word);
  option.get = [&value, choices]() -> nlohmann::json {
    for (const auto& [word, meaning] : choices) {
      if (T(meaning) == value) return word;
    }
    return nullptr;
  };
  option.put = [&value, choices](const nlohmann::json& json) {
    if constexpr (option_values::Optional<T>::value) {
      if (json.is_null()) value = T();
    }
    for (const auto& [word, meaning] : choices) {
      if (json == word) value = meaning;
    }
  };
  return option;
}

}  // namespace braid
