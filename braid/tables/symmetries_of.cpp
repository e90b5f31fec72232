// From rules to symmetries: matches tensors with rules, counts layers, resolves the words of
// patterns, and infers sizes.
#include <algorithm>
#include <set>

#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/symmetry/axis_uses.h"
#include "braid/tables/infer_sizes.h"
#include "braid/tables/layer_names.h"
#include "braid/tables/symmetry_table.h"

namespace braid {
namespace {

// Wildcard match, `*` for any text; backtracks to the last `*`.
bool matches(const std::string& pattern, const std::string& name) {
  std::size_t p = 0, n = 0, star = std::string::npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p, ++n;
    } else if (star != std::string::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

class Expansion {
 public:
  Expansion(const SymmetryTable& table, const Tensors& tensors, const std::string& source)
      : table_(table), tensors_(tensors), source_(source) {}

  Symmetries symmetries() {
    find_rules();
    require_all_layers();
    for (const auto& [name, match] : matches_) {
      patterns_[name] = meant(match.rule->pattern, match.number, place(*match.rule));
    }
    for (const Axis& axis : table_.axes) {
      const bool used = std::any_of(axes_.begin(), axes_.end(),
                                    [&](const auto& one) { return one.second.first == &axis; });
      require(used, "{}: axis {} is not in any tensor's pattern; remove it, or use it", table_.file,
              axis.name);
    }
    return build(sizes());
  }

 private:
  struct Match {
    const TensorRule* rule;
    std::string number;
  };

  std::string place(const TensorRule& rule) const {
    return fmt::format("{}:{}", table_.file, rule.line);
  }

  // A rule for the full name takes precedence over one with `*`.
  void find_rules() {
    std::map<std::string, const TensorRule*> exact;
    for (const TensorRule& rule : table_.tensors) {
      if (!is_starred(rule.name)) exact[rule.name] = &rule;
    }
    std::vector<std::string> unnamed;
    std::set<const TensorRule*> met;
    for (const auto& [name, tensor] : tensors_) {
      std::vector<Match> found;
      if (const auto rule = exact.find(name); rule != exact.end()) {
        found.push_back({rule->second, ""});
      } else {
        for (const TensorRule& rule : table_.tensors) {
          if (const auto number = number_in(rule.name, name)) found.push_back({&rule, *number});
        }
      }
      const bool ignored = ignores(table_, name);
      require(found.empty() || !ignored, "{}: {} has the rule {} and is also ignored", source_,
              name, found.empty() ? "" : found.front().rule->name);
      require(found.size() < 2,
              "{}: {} matches two rules of {}, {} and {}; add one for its full name", source_, name,
              table_.file, found.empty() ? "" : found[0].rule->name,
              found.size() < 2 ? "" : found[1].rule->name);
      if (ignored) continue;
      if (found.empty()) {
        unnamed.push_back(name);
        continue;
      }
      matches_.emplace(name, found.front());
      met.insert(found.front().rule);
    }
    std::vector<std::string> unmet;
    for (const TensorRule& rule : table_.tensors) {
      if (!met.contains(&rule)) unmet.push_back(rule.name);
    }
    const std::string fits_none = unmet.empty()
                                      ? ""
                                      : fmt::format("{} rule(s) of {} match no tensor of it: {}",
                                                    unmet.size(), table_.file, join_names(unmet));
    require(unnamed.empty(),
            "{}: {} tensor(s) have no rule in {}: {}; add rules, or list them under ignore{}{}",
            source_, unnamed.size(), table_.file, join_names(unnamed),
            fits_none.empty() ? "" : ". ", fits_none);
    require(unmet.empty(), "{}: {}", source_, fits_none);
  }

  std::int64_t layer(const std::string& digits) const {
    require(digits.size() < 10, "{}: has a tensor of layer {}, expected layers from 0", source_,
            printable(digits));
    return std::stoll(digits);
  }

  // Rules with the same text before their `*` apply to the same layers, which are numbered from 0;
  // each must have a tensor in every layer.
  void require_all_layers() {
    for (const auto& [name, match] : matches_) {
      if (match.number.empty()) continue;
      layers_[before_star(match.rule->name)].insert(layer(match.number));
    }
    for (const auto& [name, match] : matches_) {  // tensors with rules for their full names
      for (auto& [prefix, numbers] : layers_) {
        if (!match.number.empty() || !name.starts_with(prefix)) continue;
        const auto number = number_in(
            "*", name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size()));
        if (number) numbers.insert(layer(*number));
      }
    }
    for (const auto& [prefix, numbers] : layers_) {
      std::int64_t next = 0;
      for (const std::int64_t number : numbers) {
        require(number == next,
                "{}: {} exists for {}, but not for {}; layers are numbered from 0, so write rules "
                "without * for tensors numbered differently",
                source_, prefix + "*", number, next);
        ++next;
      }
    }
    std::vector<std::string> missing;
    for (const TensorRule& rule : table_.tensors) {
      if (!is_starred(rule.name)) continue;
      for (const std::int64_t number : layers_.at(before_star(rule.name))) {
        const std::string name = with_number(rule.name, std::to_string(number));
        if (!matches_.contains(name)) missing.push_back(name);
      }
    }
    require(missing.empty(), "{}: {} tensor(s) required by rules of {} are missing: {}", source_,
            missing.size(), table_.file, join_names(missing));
  }

  // Runs `work`, turning its std::invalid_argument into an Error at `where`.
  template <typename Work>
  auto named(const std::string& where, const Work& work) const {
    try {
      return work();
    } catch (const std::invalid_argument& error) {
      fail("{}: {}", where, printable(error.what()));
    }
  }

  // The full name of the axis that a word names; records that it exists.
  std::string axis_of(const std::string& word, const std::string& number,
                      const std::string& where) {
    const auto found = named(where, [&] { return find_axis(table_.axes, word, number); });
    require(found.has_value(), "{}: '{}' is not an axis of this table{}", where, printable(word),
            number.empty() ? "; a rule without * needs full names" : "");
    std::string name = found->whole();
    axes_.emplace(name, std::pair(found->axis, found->number));
    return name;
  }

  // The pattern with full names.
  Pattern meant(const std::string& text, const std::string& number, const std::string& where) {
    Pattern pattern = named(where, [&] { return parse_pattern(text); });
    for (Concatenation& dimension : pattern) {
      for (Product& product : dimension) {
        for (AxisUse& use : product) {
          if (use.role != Role::inert) use.axis = axis_of(use.axis, number, where);
        }
      }
    }
    return pattern;
  }

  std::map<std::string, std::int64_t> given_sizes() const {
    std::map<std::string, std::int64_t> given;
    for (const auto& [name, axis] : axes_) {
      for (const std::string& called : {axis.first->name, name}) {
        const auto size = table_.sizes.find(called);
        if (size != table_.sizes.end()) given[name] = size->second;
      }
    }
    return given;
  }

  std::map<std::string, std::int64_t> sizes() {
    const InferredSizes found = infer_sizes(patterns_, tensors_, given_sizes(), source_);
    if (!found.unknown.empty()) {
      const auto axis = axes_.find(found.unknown);
      const std::string called = axis == axes_.end() ? found.unknown : axis->second.first->name;
      fail(
          "{}: no shape determines the size of axis {}, which {} carries as {}; add it to {}: "
          "sizes: {{{}: N}}",
          source_, found.unknown, found.carried_by, format_pattern(patterns_.at(found.carried_by)),
          table_.file, called);
    }
    return found.axes;
  }

  Symmetries build(const std::map<std::string, std::int64_t>& sizes) {
    SymmetriesBuilder builder(table_.title, 0);
    return named(table_.file, [&] {
      for (const auto& [name, from] : axes_) {
        Axis axis = *from.first;
        axis.name = name;
        axis.per = with_number(axis.per, from.second);
        axis.size = sizes.at(name);
        builder.axis(std::move(axis));
      }
      for (const auto& [name, pattern] : patterns_) builder.tensor(name, format_pattern(pattern));
      add_taps(builder);
      add_shifts(builder);
      Symmetries symmetries = std::move(builder).build("");
      require_written_and_read(symmetries);
      return symmetries;
    });
  }

  // Repetitions of a tap or shift rule: the number of layers of its axes, or of all axes.
  std::int64_t repeats(const std::string& rule, const std::vector<std::string>& words) const {
    std::set<std::size_t> counts, all;
    for (const Axis& axis : table_.axes) {
      if (!is_starred(axis.name)) continue;
      const std::int64_t count = std::count_if(
          axes_.begin(), axes_.end(), [&](const auto& one) { return one.second.first == &axis; });
      all.insert(static_cast<std::size_t>(count));
      const bool meant =
          std::find(words.begin(), words.end(), short_name(axis.name)) != words.end() ||
          std::find(words.begin(), words.end(), axis.name) != words.end();
      if (meant) counts.insert(static_cast<std::size_t>(count));
    }
    const std::set<std::size_t>& said = counts.empty() ? all : counts;
    require(said.size() == 1, "{}: {}: the number of layers is ambiguous; write it without *",
            table_.file, rule);
    return static_cast<std::int64_t>(*said.begin());
  }

  std::vector<std::string> words_of(const TapRule& tap) const {
    std::vector<std::string> words;
    const Pattern pattern = parse_pattern("(" + tap.product + ")");
    for (const AxisUse& use : pattern.front().front()) words.push_back(use.axis);
    return words;
  }

  void add_tap(SymmetriesBuilder& builder, const TapRule& rule, const std::string& number) {
    const Pattern pattern =
        meant("(" + rule.product + ")", number, table_.file + ": tap " + rule.name);
    const Product& product = pattern.front().front();
    std::string text;
    for (const AxisUse& use : product)
      text += (text.empty() ? "" : " ") + format_pattern({{{use}}});
    const std::string component =
        rule.component.empty() ? axes_.at(product.back().axis).first->component : rule.component;
    builder.tap(with_number(rule.name, number), text, component);
  }

  void add_taps(SymmetriesBuilder& builder) {
    const std::vector<TapRule>& taps = table_.taps;
    for (std::size_t begin = 0; begin < taps.size();) {
      std::size_t end = begin;
      while (end < taps.size() && is_starred(taps[end].name)) ++end;
      if (end == begin) {
        add_tap(builder, taps[begin++], "");
        continue;
      }
      std::vector<std::int64_t> counts;
      for (std::size_t k = begin; k < end; ++k) {
        counts.push_back(repeats("tap " + taps[k].name, words_of(taps[k])));
      }
      for (std::int64_t i = 0; i < *std::max_element(counts.begin(), counts.end()); ++i) {
        for (std::size_t k = begin; k < end; ++k) {
          if (i < counts[k - begin]) add_tap(builder, taps[k], std::to_string(i));
        }
      }
      begin = end;
    }
  }

  void add_shifts(SymmetriesBuilder& builder) {
    for (const ShiftRule& rule : table_.shifts) {
      const std::int64_t count = is_starred(rule.name) ? repeats(rule.name, {}) : 1;
      for (std::int64_t i = 0; i < count; ++i) {
        const auto name = [&](const std::string& text) {
          return with_number(text, std::to_string(i));
        };
        const std::string map = name(rule.map), other = name(rule.other);
        const std::size_t expected = rule.kind == Shift::Kind::averaged ? 2 : 1;
        for (const auto& [tensor, dimensions] :
             {std::pair(map, std::size_t{2}), {other, expected}}) {
          const auto found = patterns_.find(tensor + ".weight");
          if (found == patterns_.end()) continue;
          require(found->second.size() == dimensions,
                  "{}: {}: {}.weight has {} dimensions, expected {}", table_.file, rule.name,
                  tensor, found->second.size(), dimensions);
        }
        builder.shift(name(rule.name), rule.kind, map, other);
      }
    }
  }

  // An axis that is only written or only read shows that the table is incomplete.
  void require_written_and_read(const Symmetries& symmetries) const {
    for (const auto& [name, axis] : symmetries.axes) {
      std::string writer, reader;
      bool in_product = false;
      for (const UsePlace& place : uses_of(symmetries, name)) {
        if (place.role == Role::vector) writer = place.tensor;
        if (place.role == Role::covector) reader = place.tensor;
        in_product |= product_at(symmetries, place).size() > 1;
      }
      require(!writer.empty() || in_product,
              "{}: axis {} is read ({} has {}') and never written; model inputs cannot move, so "
              "write _ for them",
              table_.file, name, reader, name);
      require(
          !reader.empty() || in_product || axis.returned,
          "{}: axis {} is written ({}) and never read; write {}' in the tensor that reads it, or "
          "returned: true if the model returns it",
          table_.file, name, writer, name);
    }
  }

  const SymmetryTable& table_;
  const Tensors& tensors_;
  const std::string& source_;
  std::map<std::string, Match> matches_;                             // by tensor
  std::map<std::string, std::set<std::int64_t>> layers_;             // by the text before *
  std::map<std::string, std::pair<const Axis*, std::string>> axes_;  // by full name
  std::map<std::string, Pattern> patterns_;                          // by tensor
};

}  // namespace

bool ignores(const SymmetryTable& table, const std::string& tensor) {
  return std::any_of(table.ignored.begin(), table.ignored.end(),
                     [&](const std::string& pattern) { return matches(pattern, tensor); });
}

Symmetries symmetries_of(const SymmetryTable& table, const Tensors& tensors,
                         const std::string& source) {
  Tensors ruled;
  for (const auto& [name, tensor] : tensors) {
    if (!ignores(table, name)) ruled.emplace(name, tensor);
  }
  Symmetries symmetries = Expansion(table, tensors, source).symmetries();
  check_tensors(symmetries, ruled, source);
  return symmetries;
}

}  // namespace braid
