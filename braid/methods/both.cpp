// The method "both": weight matching's ascent on the sum of both objectives.
#include "braid/methods/method.h"
#include "braid/methods/weights.h"
#include "braid/symmetry/axis_tree.h"

namespace braid {
namespace {

// The correlations that match() maximises.
Benefits activation_benefits(const Matching& matching, const MomentsByTap& moments) {
  const c10::InferenceMode inference;
  const Symmetries& symmetries = matching.symmetries;
  Benefits benefits;
  const auto add = [&](const Agreement& agreement) {
    std::int64_t rows = 1;
    for (const std::string& axis : agreement.axes) rows *= symmetries.axis(axis).size;
    benefits[agreement.axes] = agreement.benefit.reshape({rows, rows});
  };
  for (const Problem& problem : find_problems(matching, moments)) {
    if (!problem.is_tree()) {
      const std::string& axis = problem.axes.front();
      if (symmetries.axis(axis).component != problem.component) continue;
      benefits[problem.axes] = axis_table(matching, problem);
      continue;
    }
    for (const auto& [axes, context] : problem.contexts) {
      add(in_head_table(matching, axes, context, true));
    }
    for (const auto& [axis, taps] : problem.query_key) {
      for (const auto& [axes, seen] : taps) add(in_head_table(matching, axes, seen, true));
    }
  }
  return benefits;
}

Alignment find(const Model& a, const Model& b, const Evidence& evidence,
               const MethodOptions& options, const Compute& compute, const Progress& progress) {
  const Matching matching = make_matching(a, b, options.match);
  return match_weights(matching, a.parameters, b.parameters,
                       activation_benefits(matching, evidence.moments), options.weights, compute,
                       progress);
}

}  // namespace

const Method& both() {
  static const Method method{"both",
                             "the sum of the two objectives",
                             "match by weights and features on a text together",
                             {.moments = true},
                             find};
  return method;
}

}  // namespace braid
