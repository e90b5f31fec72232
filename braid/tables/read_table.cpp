// Reads a table file: YAML with these keys, each at most once; `tensors` and `axes` are required.
//   table    name of the architecture
//   axes     name: group, or name: {group, per, component, scales, returned}
//   sizes    name: units, if no shape determines it
//   tensors  name: pattern
//   taps     name: product, or name: {on: product, component}
//   shifts   name: {kind, map, other}
//   ignore   [name, ...]
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "braid/checkpoint/mapped_file.h"
#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/tables/group_words.h"
#include "braid/tables/layer_names.h"
#include "braid/tables/symmetry_table.h"
#include "braid/tables/yaml_keys.h"
#include "braid/text/basic_tokens.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_file = 1 << 20, longest_text = 1000;
constexpr std::int64_t largest_size = 1 << 24;

class TableReader {
 public:
  explicit TableReader(const fs::path& file) { table_.file = file.string(); }

  SymmetryTable read(const YAML::Node& root) {
    for (const auto& [key, value] : entries(root, "the table")) sections_[key] = value;
    table_.title = fs::path(table_.file).stem().string();
    if (const auto title = take("table")) table_.title = text(*title);
    for (const char* needed : {"axes", "tensors"}) {
      if (!sections_.contains(needed)) wrong(root, "'{}' is missing", needed);
    }
    for (const auto& [name, axis] : entries(*take("axes"), "axes")) add_axis(name, axis);
    if (const auto sizes = take("sizes")) {
      for (const auto& [name, size] : entries(*sizes, "sizes")) add_size(name, size);
    }
    for (const auto& [name, pattern] : entries(*take("tensors"), "tensors")) {
      check_name(name, pattern);
      check_pattern(text(pattern), pattern);
      table_.tensors.push_back({name, text(pattern), line(pattern)});
    }
    if (const auto taps = take("taps")) {
      for (const auto& [name, tap] : entries(*taps, "taps")) add_tap(name, tap);
    }
    if (const auto shifts = take("shifts")) {
      for (const auto& [name, shift] : entries(*shifts, "shifts")) add_shift(name, shift);
    }
    if (const auto ignored = take("ignore")) {
      if (!ignored->IsSequence()) wrong(*ignored, "ignore: expected a list of names");
      for (const YAML::Node& name : *ignored) table_.ignored.push_back(text(name));
    }
    if (!sections_.empty()) {
      wrong(root,
            "'{}' is not a known key; expected one of: table, axes, sizes, tensors, taps, shifts, "
            "ignore",
            printable(sections_.begin()->first));
    }
    return std::move(table_);
  }

 private:
  using Entries = std::vector<std::pair<std::string, YAML::Node>>;

  static int line(const YAML::Node& node) { return node.Mark().line + 1; }

  template <typename... Args>
  [[noreturn]] void wrong(const YAML::Node& node, fmt::format_string<Args...> format,
                          Args&&... args) const {
    fail("{}:{}: {}", table_.file, line(node), fmt::format(format, std::forward<Args>(args)...));
  }

  std::optional<YAML::Node> take(const char* section) {
    auto found = sections_.extract(section);
    return found ? std::optional(found.mapped()) : std::nullopt;
  }

  std::string text(const YAML::Node& node) const {
    if (!node.IsScalar()) wrong(node, "expected a single value");
    std::string text = node.Scalar();
    if (text.empty() || text.size() > longest_text) {
      wrong(node, "expected 1 to {} characters, found {}", longest_text, text.size());
    }
    return text;
  }

  Entries entries(const YAML::Node& node, const char* section) const {
    if (!node.IsMap()) wrong(node, "{}: expected a mapping, name: value", section);
    Entries found;
    for (const auto& entry : node) found.emplace_back(text(entry.first), entry.second);
    return found;
  }

  bool flag(const YAML::Node& node) const {
    const std::string word = text(node);
    if (word != "true" && word != "false") {
      wrong(node, "'{}' is not true or false", printable(word));
    }
    return word == "true";
  }

  template <typename Words>
  auto one_of(const Words& words, const YAML::Node& node) const {
    const std::string given = text(node);
    std::vector<std::string> names;
    for (const auto& [word, meaning] : words) {
      if (given == word) return meaning;
      names.emplace_back(word);
    }
    wrong(node, "'{}' is not one of {}", printable(given), fmt::join(names, ", "));
  }

  std::string component(const YAML::Node& node) const {
    std::string given = text(node);
    const bool known =
        std::find(component_words.begin(), component_words.end(), given) != component_words.end();
    if (!known) {
      wrong(node, "component '{}' is not one of {}", printable(given),
            fmt::join(component_words, ", "));
    }
    return given;
  }

  void check_name(const std::string& name, const YAML::Node& node) const {
    if (std::count(name.begin(), name.end(), '*') > 1) {
      wrong(node, "'{}': only one * (the layer number) is allowed; write the others out",
            printable(name));
    }
  }

  // Checks only the syntax; words are resolved later.
  void check_pattern(const std::string& pattern, const YAML::Node& node) const {
    try {
      parse_pattern(pattern);
    } catch (const std::invalid_argument& error) {
      wrong(node, "{}", printable(error.what()));
    }
  }

  void add_axis(const std::string& name, const YAML::Node& node) {
    const bool plain = name.find_first_of(" ()|'=:") == std::string::npos && name.front() != '_';
    if (!plain)
      wrong(node, "'{}' cannot name an axis: it contains pattern syntax", printable(name));
    check_name(name, node);
    Axis axis{name, 0, Group::permutation, "ffn", ""};
    if (node.IsScalar()) {
      axis.group = one_of(group_words, node);
    } else {
      read_axis(axis, node);
    }
    table_.axes.push_back(std::move(axis));
  }

  void read_axis(Axis& axis, const YAML::Node& node) {
    bool grouped = false, named = false;
    for (const auto& [key, value] : entries(node, axis.name.c_str())) {
      if (key == "group") {
        axis.group = one_of(group_words, value);
        grouped = true;
      } else if (key == "per") {
        axis.per = text(value);
      } else if (key == "component") {
        axis.component = component(value);
        named = true;
      } else if (key == "scales") {
        axis.scales = flag(value);
      } else if (key == "returned") {
        axis.returned = flag(value);
      } else {
        wrong(value,
              "'{}' is not a key of an axis; expected one of: group, per, component, scales, "
              "returned",
              printable(key));
      }
    }
    if (!grouped) wrong(node, "axis {}: group is missing", axis.name);
    if (axis.per.empty()) return;
    const auto parent =
        std::find_if(table_.axes.begin(), table_.axes.end(), [&](const Axis& other) {
          return other.name == axis.per || short_name(other.name) == axis.per;
        });
    if (parent == table_.axes.end()) {
      wrong(node, "axis {}: per is '{}', which is not an axis listed before it", axis.name,
            printable(axis.per));
    }
    if (is_starred(parent->name) && !is_starred(axis.name)) {
      wrong(node, "axis {}: per is {}, a different axis in every layer; put a * in the axis's name",
            axis.name, parent->name);
    }
    if (!permutes_only(parent->group)) {
      wrong(node, "axis {}: per is {}, whose group must be permutation", axis.name, parent->name);
    }
    axis.per = parent->name;
    if (!named) axis.component = parent->component;
  }

  void add_size(const std::string& name, const YAML::Node& node) {
    std::int64_t size = 0;
    if (!YAML::convert<std::int64_t>::decode(node, size) || size < 1 || size > largest_size) {
      wrong(node, "{}: expected a number of units from 1 to {}", printable(name), largest_size);
    }
    bool known = false;
    for (const Axis& axis : table_.axes) {
      // A short name is another word for the starred one.
      const bool whole = axis.name == name || short_name(axis.name) == name;
      if (!whole && !number_in(axis.name, name)) continue;
      known = true;
      if (!table_.sizes.emplace(whole ? axis.name : name, size).second) {
        wrong(node, "{}: the size of {} is given twice", printable(name), axis.name);
      }
    }
    if (!known) wrong(node, "'{}' is not an axis", printable(name));
  }

  void add_tap(const std::string& name, const YAML::Node& node) {
    check_name(name, node);
    TapRule tap{name, "", ""};
    if (node.IsScalar()) {
      tap.product = text(node);
    } else {
      for (const auto& [key, value] : entries(node, name.c_str())) {
        if (key == "on") {
          tap.product = text(value);
        } else if (key == "component") {
          tap.component = text(value) == "query_key" ? "query_key" : component(value);
        } else {
          wrong(value, "'{}' is not a key of a tap; expected one of: on, component",
                printable(key));
        }
      }
      if (tap.product.empty()) wrong(node, "tap {}: `on` is missing", printable(name));
    }
    check_pattern("(" + tap.product + ")", node);
    const Pattern pattern = parse_pattern("(" + tap.product + ")");
    const bool product =
        pattern.size() == 1 && pattern.front().size() == 1 &&
        std::all_of(pattern.front().front().begin(), pattern.front().front().end(),
                    [](const AxisUse& use) {
                      return use.role == Role::vector || use.role == Role::covector;
                    });
    if (!product) {
      wrong(node, "tap {}: '{}' is not a product of axes, outermost first", printable(name),
            printable(tap.product));
    }
    table_.taps.push_back(std::move(tap));
  }

  void add_shift(const std::string& name, const YAML::Node& node) {
    check_name(name, node);
    if (!name.starts_with("shift.")) {
      wrong(node, "shift '{}': its name must start with shift.", printable(name));
    }
    ShiftRule shift{name, Shift::Kind::averaged, "", ""};
    bool kind = false;
    for (const auto& [key, value] : entries(node, name.c_str())) {
      if (key == "kind") {
        shift.kind = one_of(shift_words, value);
        kind = true;
      } else if (key == "map") {
        shift.map = text(value);
      } else if (key == "other") {
        shift.other = text(value);
      } else {
        wrong(value, "'{}' is not a key of a shift; expected one of: kind, map, other",
              printable(key));
      }
    }
    if (!kind || shift.map.empty() || shift.other.empty()) {
      wrong(node, "{}: requires kind, map and other", printable(name));
    }
    table_.shifts.push_back(std::move(shift));
  }

  SymmetryTable table_;
  std::map<std::string, YAML::Node> sections_;
};

}  // namespace

SymmetryTable read_symmetry_table(const fs::path& file) {
  require(fs::is_regular_file(file), "{}: cannot be opened; expected the YAML file of a table",
          file.string());
  const auto mapped = MappedFile::open(file);
  const std::string_view text = mapped->bytes();
  require(text.size() <= longest_file, "{}: {} bytes, expected a table of at most {}",
          file.string(), text.size(), longest_file);
  require(is_valid_utf8(text), "{}: is not valid UTF-8", file.string());
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    require_single_keys(root, file.string());
    return TableReader(file).read(root);
  } catch (const YAML::Exception& error) {
    fail("{}:{}: {}", file.string(), error.mark.line + 1, printable(error.msg));
  }
}

}  // namespace braid
