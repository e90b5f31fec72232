// Option: one fact sheet for each thing that a request may say. The command line, YAML files,
// provenance, cache keys and the table of docs/options.md are all read off these lists, so an
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

// What an option is to the result.
enum class Use {
  features,  // shapes what is read of the models: moments depend on it, and so does the result
  result,    // shapes the result
  input,     // a file or folder that is read: keys have its content in its place
  output,    // what is written where, and how: the result does not depend on it
};

// What a value is, in JSON and in words. `bytes`: a size of files or memory.
enum class OptionKind { flag, integer, number, bytes, word, words, numbers };

// The files and folders that a value names.
using PathsOf = std::function<std::vector<std::filesystem::path>(const std::string&)>;
// None where the value is one of these words.
PathsOf path_unless(std::vector<std::string> words);

// The most by which tensors in float32 are scaled.
inline constexpr double most_factor = 1e30;

struct Option {
  std::string name;        // "in-head", as on the command line and in YAML; see key()
  std::string other_name;  // of another command's, where this one stands beside it; or empty
  std::string help;
  Use use = Use::result;
  OptionKind kind = OptionKind::word;
  std::vector<std::string> choices;  // of a word, or of a list's words; empty: any
  double least = -std::numeric_limits<double>::infinity();  // of a number, or of a list's
  double most = std::numeric_limits<double>::infinity();
  std::string unset;                    // for people: what happens where nothing is given
  bool required = false;                // the command line asks for it
  bool names_nothing = false;           // a word of any kind that is no file or folder
  PathsOf reads;                        // what a value names that is read; see files_of
  std::optional<Place> place;           // what a value names that is written
  std::vector<std::string> inside;      // patterns of the files that are written into a folder
  std::vector<std::string> stages;      // that keep a state beside it (state_beside)
  std::function<nlohmann::json()> get;  // null where nothing is given
  std::function<void(const nlohmann::json&)> put;

  // "in_head": in JSON and Python.
  std::string key() const;
  // Error naming the option, what was expected and what was found.
  void set(const nlohmann::json& value) const;
  // From the words of a command line or a YAML file.
  void parse(const std::string& text) const;

  // The same option with one fact more.
  Option& as(Use of);
  Option& also(std::string name);
  Option& from(double limit);
  Option& to(double limit);
  Option& one_of(std::vector<std::string> words);
  Option& otherwise(std::string what);  // what happens where nothing is given
  Option& needed();
  Option& plain();
  Option& reading(PathsOf paths);  // is an input
  Option& writing(Place at, std::vector<std::string> names = {});
  Option& keeping(std::vector<std::string> of);  // states of these stages, while at work on it
};

// A word for every value.
template <typename T>
using Choices = std::vector<std::pair<const char*, T>>;

// The options of a request, whose members they read and write: it must outlive them.
class OptionList {
 public:
  // bool, a whole number, double, std::string, or a set or vector of strings or a vector of double;
  // or a std::optional of the first four.
  template <typename T>
  Option& add(std::string name, T& value, std::string help);
  // An enumeration, or std::optional of one, by its words.
  template <typename T, typename E>
  Option& add(std::string name, T& value, Choices<E> choices, std::string help);

  // A size of files or memory: 5GB, 300 MiB, bytes.
  Option& add_bytes(std::string name, std::int64_t& value, std::string help);

  std::vector<Option>::const_iterator begin() const { return options_.begin(); }
  std::vector<Option>::const_iterator end() const { return options_.end(); }
  // Error naming the options that there are.
  const Option& find(const std::string& name) const;
  void append(const OptionList& more);
  void append(const Option& more) { options_.push_back(more); }

  // {key: value} of the options that `uses` names.
  nlohmann::json values(std::initializer_list<Use> uses) const;
  // The other way; what `object` leaves out stays. Error naming a key that is no option's.
  void assign(const nlohmann::json& object) const;

 private:
  Option& entry(std::string name, OptionKind kind, std::string help);

  std::vector<Option> options_;
};

// What the options read and write; "-" is standard output. Error where one of any word is neither
// an input nor an output nor plain: whoever adds an option says which.
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

// Numbers that cannot be below 0.
template <typename T>
constexpr bool is_natural() {
  if constexpr (Optional<T>::value) {
    return is_natural<typename T::value_type>();
  } else {
    return std::is_unsigned_v<T> && !std::is_same_v<T, bool>;
  }
}

// JSON's own conversion wraps what does not fit.
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
