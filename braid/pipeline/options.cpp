#include "braid/pipeline/options.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "braid/checkpoint/atomic_file.h"
#include "braid/json/json_text.h"

namespace braid {
namespace {

using Json = nlohmann::json;

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// The number that `text` spells; null if it is not a number.
Json number(const std::string& text, bool whole) {
  const char *begin = text.data(), *end = begin + text.size();
  const auto all = [&](auto value) {
    const auto [stop, error] = std::from_chars(begin, end, value);
    return error == std::errc() && stop == end ? Json(value) : Json();
  };
  if (!whole) return all(0.0);
  const Json signed_value = all(std::int64_t{0});
  return signed_value.is_null() ? all(std::uint64_t{0}) : signed_value;
}

// 5GB as a number of bytes, as the hub's tools read it: K, M, G and T are powers of 1,000, with i
// (GiB) of 1,024; a B alone is a billion, as in mergekit. Null if it is not a size.
Json bytes(std::string text) {
  std::erase(text, ' ');
  for (char& letter : text) letter = static_cast<char>(std::toupper(letter));
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const Json count = number(text.substr(0, digits), true);
  std::string unit = text.substr(digits);
  const bool billions = unit == "B";
  std::int64_t factor = billions ? 1'000'000'000 : 1;
  if (unit.ends_with('B')) unit.pop_back();
  const bool binary = unit.size() == 2 && unit.ends_with('I');
  if (binary) unit.pop_back();
  const auto power = unit.size() == 1 ? std::string_view("KMGT").find(unit) : std::string::npos;
  const bool known = power != std::string::npos || (!binary && unit.empty());
  for (std::size_t i = 0; power != std::string::npos && i <= power; ++i) {
    factor *= binary ? 1024 : 1000;
  }
  const bool fits = known && count.is_number_integer() &&
                    count.get<double>() * static_cast<double>(factor) < 9e18;
  return fits ? Json(count.get<std::int64_t>() * factor) : Json();
}

std::string expected(const Option& option) {
  const auto limited = [&](std::string type) {
    const bool low = std::isfinite(option.least), high = std::isfinite(option.most);
    if (low && high) return fmt::format("{} from {} to {}", type, option.least, option.most);
    if (low) return fmt::format("{} of at least {}", type, option.least);
    if (high) return fmt::format("{} of at most {}", type, option.most);
    return type;
  };
  switch (option.kind) {
    case OptionKind::flag:
      return "true or false";
    case OptionKind::integer:
      return limited("a whole number");
    case OptionKind::number:
      return limited("a finite number");
    case OptionKind::bytes:
      return "a size, such as 5GB";
    case OptionKind::numbers:
      return limited("finite numbers") + ", separated by commas";
    case OptionKind::words:
      return "a list of words";
    case OptionKind::word:
      break;
  }
  return "a word";
}

bool in_limits(const Option& option, const Json& value) {
  return value.is_number() && std::isfinite(value.get<double>()) &&
         value.get<double>() >= option.least && value.get<double>() <= option.most;
}

// Does the value have the option's type, within its limits?
bool fits(const Option& option, const Json& value) {
  const auto each = [&](const auto& fits_one) {
    return value.is_array() && std::all_of(value.begin(), value.end(), fits_one);
  };
  switch (option.kind) {
    case OptionKind::flag:
      return value.is_boolean();
    case OptionKind::integer:
    case OptionKind::bytes:
      return value.is_number_integer() && in_limits(option, value);
    case OptionKind::number:
      return in_limits(option, value);
    case OptionKind::numbers:
      return each([&](const Json& one) { return in_limits(option, one); });
    case OptionKind::words:
      return each([](const Json& one) { return one.is_string(); });
    case OptionKind::word:
      break;
  }
  return value.is_string();
}

// The value that `text` spells; null if it is not of the option's kind.
Json value_of(const Option& option, const std::string& text) {
  switch (option.kind) {
    case OptionKind::flag:
      return text == "true" || text == "false" ? Json(text == "true") : Json();
    case OptionKind::integer:
      return number(text, true);
    case OptionKind::number:
      return number(text, false);
    case OptionKind::bytes:
      return bytes(text);
    case OptionKind::words:
      return split_at_commas(text);
    case OptionKind::numbers: {
      Json numbers = Json::array();
      for (const std::string& part : split_at_commas(text)) numbers.push_back(number(part, false));
      return numbers;
    }
    case OptionKind::word:
      break;
  }
  return text;
}

}  // namespace

std::string Option::key() const {
  std::string key = name;
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

void Option::set(const Json& value) const {
  if (value == get()) return;  // the value for "not given" need not be a choice
  require(fits(*this, value), "`{}` is {}, expected {}", name, to_text(value), expected(*this));
  if (!choices.empty()) {
    const Json words = value.is_array() ? value : Json::array({value});
    for (const auto& word : words) {
      const auto text = word.get<std::string>();
      require(std::find(choices.begin(), choices.end(), text) != choices.end(),
              "`{}`: '{}' is not one of {}", name, text, fmt::join(choices, ", "));
    }
  }
  put(value);
}

void Option::parse(const std::string& text) const {
  const Json value = value_of(*this, text);
  require(!value.is_array() || !value.empty(), "`{}` is empty, expected at least one value", name);
  require(!value.is_null(), "`{}` is '{}', expected {}", name, text, expected(*this));
  set(value);
}

Option& Option::as(Use of) {
  use = of;
  return *this;
}

Option& Option::also(std::string called) {
  other_name = std::move(called);
  return *this;
}

Option& Option::from(double limit) {
  least = limit;
  return *this;
}

Option& Option::to(double limit) {
  most = limit;
  return *this;
}

Option& Option::one_of(std::vector<std::string> words) {
  choices = std::move(words);
  return *this;
}

Option& Option::otherwise(std::string text) {
  unset = std::move(text);
  return *this;
}

Option& Option::needed() {
  required = true;
  return *this;
}

Option& Option::plain() {
  names_nothing = true;
  return *this;
}

Option& Option::reading(PathsOf paths) {
  reads = std::move(paths);
  return *this;
}

Option& Option::writing(Place at, std::vector<std::string> names) {
  use = Use::output;
  place = at;
  inside = std::move(names);
  return *this;
}

Option& Option::keeping(std::vector<std::string> of) {
  stages = std::move(of);
  return *this;
}

PathsOf path_unless(std::vector<std::string> words) {
  return
      [words = std::move(words)](const std::string& value) -> std::vector<std::filesystem::path> {
        if (std::find(words.begin(), words.end(), value) != words.end()) return {};
        return {value};
      };
}

Option& OptionList::entry(std::string name, OptionKind kind, std::string help) {
  Option& option = options_.emplace_back();
  option.name = std::move(name);
  option.kind = kind;
  option.help = std::move(help);
  return option;
}

Option& OptionList::add_bytes(std::string name, std::int64_t& value, std::string help) {
  Option& option = add(std::move(name), value, std::move(help));
  option.kind = OptionKind::bytes;
  return option.from(0);
}

const Option& OptionList::find(const std::string& name) const {
  std::vector<std::string> names;
  for (const Option& option : options_) {
    if (option.name == name || option.key() == name) return option;
    names.push_back(option.name);
  }
  fail("'{}' is not a known option; expected one of: {}", name, fmt::join(names, ", "));
}

void OptionList::append(const OptionList& more) {
  options_.insert(options_.end(), more.options_.begin(), more.options_.end());
}

Json OptionList::values(std::initializer_list<Use> uses) const {
  Json object = Json::object();
  for (const Option& option : options_) {
    if (std::find(uses.begin(), uses.end(), option.use) == uses.end()) continue;
    object[option.key()] = option.get();
  }
  return object;
}

void OptionList::assign(const Json& object) const {
  for (const auto& [key, value] : object.items()) find(key).set(value);
}

FilePlan files_of(const OptionList& options) {
  FilePlan plan;
  for (const Option& option : options) {
    if (option.name == "overwrite") plan.overwrite = option.get();
    const bool words = option.kind == OptionKind::word || option.kind == OptionKind::words;
    if (!words || !option.choices.empty()) continue;
    const PathsOf reads =
        option.use == Use::input && !option.reads ? path_unless({}) : option.reads;
    require(reads || option.place || option.names_nothing,
            "`{}` does not declare whether it names a file (braid/pipeline/options.h)",
            option.name);
    const Json value = option.get();
    for (const Json& one : value.is_array() ? value : Json::array({value})) {
      const std::string word = one.is_string() ? one.get<std::string>() : "";
      if (word.empty() || (option.place && word == "-")) continue;
      if (reads) {
        for (auto& path : reads(word)) plan.inputs.push_back(std::move(path));
      }
      if (!option.place) continue;
      plan.outputs.push_back({word, *option.place, option.inside});
      for (const std::string& stage : option.stages) {
        plan.outputs.push_back({state_beside(word, stage)});
      }
    }
  }
  return plan;
}

}  // namespace braid
