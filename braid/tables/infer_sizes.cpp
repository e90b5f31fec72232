#include "braid/tables/infer_sizes.h"

#include <set>

#include "braid/error.h"

namespace braid {
namespace {

// One dimension of a tensor.
struct Equation {
  const std::string* tensor;
  Concatenation* dimension;
  std::int64_t entries;
};

class Solver {
 public:
  Solver(std::map<std::string, Pattern>& patterns, const Tensors& tensors,
         const std::map<std::string, std::int64_t>& given, const std::string& source)
      : patterns_(patterns), tensors_(tensors), source_(source) {
    for (const auto& [axis, size] : given) {
      found_.axes[axis] = size;
      found_.told_by[axis] = "`sizes`";
    }
    for (auto& [name, pattern] : patterns_) {
      const at::Tensor& tensor = tensors_.at(name);
      require(
          tensor.dim() == std::ssize(pattern),
          "{}: {} has {} dimension(s), [{}], but its pattern {} has {}; write _ for a dimension "
          "that nothing acts on",
          source_, name, tensor.dim(), fmt::join(tensor.sizes(), ", "), format_pattern(pattern),
          pattern.size());
      for (std::size_t d = 0; d < pattern.size(); ++d) {
        equations_.push_back({&name, &pattern[d], tensor.size(static_cast<std::int64_t>(d))});
      }
    }
  }

  InferredSizes solve() {
    for (bool progress = true; progress;) {
      progress = false;
      for (const Equation& equation : equations_) progress |= advance(equation);
    }
    for (const Equation& equation : equations_) {
      for (const Product& term : *equation.dimension) {
        for (const AxisUse& use : term) {
          if (size_of(use) > 0 || !found_.unknown.empty()) continue;
          found_.unknown = use.axis.empty() ? "_" : use.axis;
          found_.carried_by = *equation.tensor;
        }
      }
    }
    return std::move(found_);
  }

 private:
  // 0 while unknown.
  std::int64_t size_of(const AxisUse& use) const {
    if (use.axis.empty()) return use.size;
    const auto found = found_.axes.find(use.axis);
    return found == found_.axes.end() ? 0 : found->second;
  }

  [[noreturn]] void contradict(const Equation& equation, const std::string& why) const {
    const Pattern& pattern = patterns_.at(*equation.tensor);
    std::set<std::string> told;
    for (const Product& term : *equation.dimension) {
      for (const AxisUse& use : term) {
        const auto by = found_.told_by.find(use.axis);
        if (by == found_.told_by.end()) continue;
        told.insert(
            fmt::format("{} has {} from {}", use.axis, found_.axes.at(use.axis), by->second));
      }
    }
    fail("{}: {} has shape [{}], which contradicts its pattern {} at {}: {}{}{}", source_,
         *equation.tensor, fmt::join(tensors_.at(*equation.tensor).sizes(), ", "),
         format_pattern(pattern), format_pattern({*equation.dimension}), why,
         told.empty() ? "" : "; ", fmt::join(told, ", "));
  }

  std::int64_t product(const Equation& equation, std::int64_t x, std::int64_t y) const {
    std::int64_t result = 0;
    if (__builtin_mul_overflow(x, y, &result) || result > equation.entries) {
      contradict(equation, fmt::format("{} entries are too few", equation.entries));
    }
    return result;
  }

  // Solves the dimension if one size in it is unknown: entries = rest + factor x size. The unknown
  // may be a factor of several terms. Returns whether a size was found.
  bool advance(const Equation& equation) {
    AxisUse* unknown = nullptr;
    std::int64_t rest = 0, factor = 0;
    for (Product& term : *equation.dimension) {
      std::int64_t known = 1;
      bool has_unknown = false;
      for (AxisUse& use : term) {
        const std::int64_t size = size_of(use);
        if (size > 0) {
          known = product(equation, known, size);
          continue;
        }
        const bool same = unknown && !use.axis.empty() && unknown->axis == use.axis;
        if (has_unknown || (unknown && !same)) return false;
        unknown = &use;
        has_unknown = true;
      }
      (has_unknown ? factor : rest) += known;
    }
    if (!unknown) {
      if (rest != equation.entries) {
        contradict(equation, fmt::format("{} entries, expected {}", equation.entries, rest));
      }
      return false;
    }
    const std::int64_t left = equation.entries - rest;
    if (left < factor || left % factor != 0) {
      contradict(equation, fmt::format("{} would be {} / {}, which is not a valid size",
                                       unknown->axis.empty() ? "_" : unknown->axis, left, factor));
    }
    if (unknown->axis.empty()) {
      unknown->size = left / factor;
    } else {
      found_.axes[unknown->axis] = left / factor;
      found_.told_by[unknown->axis] = *equation.tensor;
    }
    return true;
  }

  std::map<std::string, Pattern>& patterns_;
  const Tensors& tensors_;
  const std::string& source_;
  std::vector<Equation> equations_;
  InferredSizes found_;
};

}  // namespace

InferredSizes infer_sizes(std::map<std::string, Pattern>& patterns, const Tensors& tensors,
                          const std::map<std::string, std::int64_t>& given,
                          const std::string& source) {
  return Solver(patterns, tensors, given, source).solve();
}

}  // namespace braid
