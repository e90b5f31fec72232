// From a table to rules: tensors that are alike in all layers become one rule with `*`.
#include <algorithm>
#include <set>
#include <stdexcept>

#include "braid/symmetry/axis_tree.h"
#include "braid/tables/infer_sizes.h"
#include "braid/tables/layer_names.h"
#include "braid/tables/symmetry_table.h"

namespace braid {
namespace {

class Folding {
 public:
  Folding(const Symmetries& symmetries, const Tensors& tensors)
      : symmetries_(symmetries), tensors_(tensors) {
    table_.title = symmetries.family;
  }

  SymmetryTable table() {
    fold_axes();
    fold_tensors();
    for (std::size_t begin = 0; begin < symmetries_.taps.size();) begin += fold_taps(begin);
    fold_shifts();
    find_sizes();
    return std::move(table_);
  }

 private:
  static bool alike(const Axis& x, const Axis& y) {
    return x.group == y.group && x.component == y.component && x.returned == y.returned &&
           x.scales == y.scales;
  }

  // The parent of an axis of layer `number`, with a * if it belongs to the same layer.
  static std::string parent_form(const Axis& axis, const std::string& number) {
    for (const auto& [parent, of] : starred_forms(axis.per)) {
      if (of == number) return parent;
    }
    return axis.per;
  }

  // Folds axes that exist, all alike, in every layer.
  void fold_axes() {
    std::map<std::string, std::vector<const Axis*>> starred;
    for (const auto& [name, axis] : symmetries_.axes) {
      for (const auto& [form, number] : starred_forms(name)) starred[form].push_back(&axis);
    }
    std::set<std::string> met;
    std::vector<Axis> axes;
    for (const auto& [name, axis] : symmetries_.axes) {
      Axis folded = axis;
      for (const auto& [form, number] : starred_forms(name)) {
        const auto& all = starred.at(form);
        const std::string parent = parent_form(axis, number);
        if (!is_starred(folded.name) && counted(form, std::ssize(all)) &&
            std::all_of(all.begin(), all.end(), [&, &axis = axis, &form = form](const Axis* x) {
              return alike(*x, axis) && parent_form(*x, *number_in(form, x->name)) == parent;
            })) {
          folded.name = form;
          folded.per = parent;
          layers_ = std::max(layers_, std::ssize(all));
        }
      }
      folded.size = 0;
      if (met.insert(folded.name).second) axes.push_back(std::move(folded));
    }
    // Parents first.
    std::stable_sort(axes.begin(), axes.end(),
                     [&](const Axis& x, const Axis& y) { return depth(x) < depth(y); });
    table_.axes = std::move(axes);
  }

  std::size_t depth(const Axis& axis) const {
    return ancestors(symmetries_, with_number(axis.name, "0")).size();
  }

  // Do axes of this form exist for 0 to count - 1?
  bool counted(const std::string& form, std::int64_t count) const {
    for (std::int64_t i = 0; i < count; ++i) {
      if (!symmetries_.axes.contains(with_number(form, std::to_string(i)))) return false;
    }
    return true;
  }

  // The pattern in the words of a rule for this layer; nullopt if they would name other axes.
  std::optional<std::string> in_rule(Pattern pattern, const std::string& number) const {
    for (Concatenation& dimension : pattern) {
      for (Product& product : dimension) {
        for (AxisUse& use : product) {
          use.size = 0;
          if (use.role == Role::inert) continue;
          const auto word = word_for(use.axis, number);
          if (!word) return std::nullopt;
          use.axis = *word;
        }
      }
    }
    return format_pattern(pattern);
  }

  std::optional<std::string> word_for(const std::string& axis, const std::string& number) const {
    std::vector<std::string> words = {axis};
    for (const Axis& one : table_.axes) {
      if (is_starred(one.name) && with_number(one.name, number) == axis) {
        words = {short_name(one.name), one.name};
      }
    }
    for (const std::string& word : words) {
      if (word.empty()) continue;
      try {
        const auto found = find_axis(table_.axes, word, number);
        if (found && found->whole() == axis) return word;
      } catch (const std::invalid_argument&) {
        continue;  // ambiguous
      }
    }
    return std::nullopt;
  }

  // The rule's text if it is the same in all layers.
  template <typename Of>
  std::optional<std::string> in_all_layers(const Of& of) const {
    const std::optional<std::string> first = of("0");
    for (std::int64_t i = 1; first && i < layers_; ++i) {
      if (of(std::to_string(i)) != first) return std::nullopt;
    }
    return first;
  }

  void fold_tensors() {
    std::map<std::string, std::int64_t> counts;
    for (const auto& [name, pattern] : symmetries_.tensors) {
      for (const auto& [form, number] : starred_forms(name)) ++counts[form];
    }
    std::set<std::string> met;
    for (const auto& [name, pattern] : symmetries_.tensors) {
      TensorRule rule{name, *in_rule(pattern, ""), 0};
      for (const auto& [form, number] : starred_forms(name)) {
        if (is_starred(rule.name) || layers_ == 0 || counts.at(form) != layers_) continue;
        const auto shared = in_all_layers([&, form = form](const std::string& i) {
          const auto found = symmetries_.tensors.find(with_number(form, i));
          return found == symmetries_.tensors.end() ? std::nullopt : in_rule(found->second, i);
        });
        if (shared) rule = {form, *shared, 0};
      }
      if (met.insert(rule.name).second) table_.tensors.push_back(std::move(rule));
    }
  }

  TapRule tap_rule(std::size_t at) const {
    const Tap& tap = symmetries_.taps[at];
    return {tap.name, product_text(tap.axes, "").value(), tap.component};
  }

  std::optional<std::string> product_text(const Product& product, const std::string& number) const {
    std::string text;
    for (const AxisUse& use : product) {
      const auto word = in_rule({{{use}}}, number);
      if (!word) return std::nullopt;
      text += (text.empty() ? "" : " ") + *word;
    }
    return text;
  }

  // Folds the taps of all layers into those of one, or adds one tap. Returns how many were
  // consumed.
  std::size_t fold_taps(std::size_t begin) {
    const std::vector<Tap>& taps = symmetries_.taps;
    std::size_t each = 0;
    const auto form_of = [&](std::size_t at, const std::string& number) {
      for (const auto& [form, found] : starred_forms(taps[at].name)) {
        if (found == number) return form;
      }
      return std::string();
    };
    while (begin + each < taps.size() && !form_of(begin + each, "0").empty()) ++each;
    const std::size_t all = each * static_cast<std::size_t>(layers_);
    std::vector<TapRule> rules;
    bool repeated = all > 0 && begin + all <= taps.size();
    for (std::size_t k = 0; repeated && k < each; ++k) {
      const std::string form = form_of(begin + k, "0");
      const auto product = in_all_layers([&](const std::string& i) -> std::optional<std::string> {
        const std::size_t at = begin + k + each * std::stoul(i);
        const bool same = form_of(at, i) == form && taps[at].component == taps[begin + k].component;
        return same ? product_text(taps[at].axes, i) : std::nullopt;
      });
      repeated = product.has_value();
      if (repeated) rules.push_back({form, *product, taps[begin + k].component});
    }
    if (!repeated) {
      table_.taps.push_back(tap_rule(begin));
      return 1;
    }
    table_.taps.insert(table_.taps.end(), rules.begin(), rules.end());
    return all;
  }

  void fold_shifts() {
    std::set<std::string> met;
    for (const auto& [name, shift] : symmetries_.shifts) {
      ShiftRule rule{name, shift.kind, shift.map, shift.other};
      for (const auto& [form, number] : starred_forms(name)) {
        const auto starred = [number = number](const std::string& text) {
          for (const auto& [other, of] : starred_forms(text)) {
            if (of == number) return other;
          }
          return text;
        };
        const std::string map = starred(shift.map), other = starred(shift.other);
        const auto shared = in_all_layers([&, form = form, &shift = shift](const std::string& i) {
          const auto found = symmetries_.shifts.find(with_number(form, i));
          const bool same = found != symmetries_.shifts.end() && found->second.kind == shift.kind &&
                            found->second.map == with_number(map, i) &&
                            found->second.other == with_number(other, i);
          return same ? std::optional<std::string>(form) : std::nullopt;
        });
        if (layers_ > 0 && shared && !is_starred(rule.name)) rule = {form, shift.kind, map, other};
      }
      if (met.insert(rule.name).second) table_.shifts.push_back(std::move(rule));
    }
  }

  // Adds sizes that shapes do not determine, one by one, the outermost of a product first.
  void find_sizes() {
    std::map<std::string, std::int64_t> given;
    for (;;) {
      std::map<std::string, Pattern> patterns = symmetries_.tensors;
      const std::string unknown = infer_sizes(patterns, tensors_, given, table_.title).unknown;
      if (unknown.empty()) return;
      std::string called = unknown;
      for (const Axis& axis : table_.axes) {
        if (number_in(axis.name, unknown) && same_in_all_layers(axis.name)) called = axis.name;
      }
      table_.sizes[called] = symmetries_.axis(unknown).size;
      for (const auto& [name, axis] : symmetries_.axes) {
        if (name == called || number_in(called, name)) given[name] = axis.size;
      }
    }
  }

  bool same_in_all_layers(const std::string& starred) const {
    std::set<std::int64_t> sizes;
    for (const auto& [name, axis] : symmetries_.axes) {
      if (number_in(starred, name)) sizes.insert(axis.size);
    }
    return sizes.size() == 1;
  }

  const Symmetries& symmetries_;
  const Tensors& tensors_;
  SymmetryTable table_;
  std::int64_t layers_ = 0;
};

}  // namespace

SymmetryTable folded(const Symmetries& symmetries, const Tensors& tensors) {
  return Folding(symmetries, tensors).table();
}

}  // namespace braid
