// A method on a pair of small models, with every component moving.
#pragma once

#include <algorithm>
#include <memory>

#include "braid/alignment/observe.h"
#include "braid/methods/method.h"
#include "tests/models/small_bert.h"

namespace braid {

struct MethodCase {
  const char* method;
  InHead in_head;
  QueryKey query_key = QueryKey::separate;

  std::string name() const {
    const char* maps[] = {"Permutation", "Orthogonal", "General"};
    return std::string(method) + maps[static_cast<int>(in_head)];
  }

  MatchOptions options(const Model& model) const {
    MatchOptions options;
    options.components.clear();
    for (const auto& [name, axis] : model.symmetries.axes) {
      options.components.insert(axis.component);
    }
    options.query_key = query_key;
    options.residual = ResidualTaps::all;
    options.in_head = in_head;
    return options;
  }

  Alignment solve(const Model& a, const Model& b, int threads = 2) const {
    const Method& found_by = find_method(method);
    Evidence evidence;
    if (found_by.needs.moments) {
      ObserveOptions observing;
      observing.taps = taps_to_observe(a.symmetries, options(a));
      auto next = std::make_shared<std::uint64_t>(0);
      const auto source = [next, &a]() -> std::optional<TokenSequence> {
        if (*next == 150) return std::nullopt;
        return random_sequence(*a.network, 16, 100 + (*next)++);
      };
      evidence.moments = observe(a, b, source, observing);
    }
    return align(found_by, a, b, evidence, {options(a), {}, {}}, {.threads = threads});
  }
};

inline double largest_relative(const Tensors& a, const Tensors& b) {
  double worst = 0;
  for (const auto& [name, tensor] : a) {
    const double size = std::max(tensor.abs().max().item<double>(), 1e-3);
    worst = std::max(worst, largest_difference(tensor, b.at(name)) / size);
  }
  return worst;
}

inline const std::vector<MethodCase>& method_cases() {
  static const std::vector<MethodCase> all = {{"activations", InHead::permutation},
                                              {"activations", InHead::orthogonal},
                                              {"activations", InHead::general},
                                              {"weights", InHead::permutation},
                                              {"weights", InHead::orthogonal},
                                              {"weights", InHead::general},
                                              {"both", InHead::permutation},
                                              {"both", InHead::orthogonal},
                                              {"both", InHead::general}};
  return all;
}

}  // namespace braid
