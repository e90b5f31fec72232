// WeightObjective: agreement of A's weights with B's transformed ones, and its derivative by axis.
#pragma once

#include <set>

#include "braid/methods/matching.h"

namespace braid {

// Additional benefits of pairing units, by axes, (units, units) float64.
using Benefits = std::map<std::vector<std::string>, at::Tensor>;

// Immutable: may be used by several threads.
class WeightObjective {
 public:
  // REQUIRES float64 tensors of the table. `benefits` must outlive it.
  WeightObjective(const Symmetries& symmetries, Tensors a, Tensors b, const Benefits& benefits);

  // sum over tensors sqrt(entries) <A, g B> / (|A| |B|), plus <g, benefit> for each benefit,
  // weighted like all tensors with its units together.
  double operator()(const Transform& transform) const;

  // Its derivative by the elements of a tree of axes, the rest of B moved by `transform`, i.e. the
  // benefits of pairing the tree's units. Uses only tensors whose other axes are all `settled`,
  // unless there are none.
  std::vector<Agreement> agreements(const std::string& root, const Transform& transform,
                                    const std::set<std::string>& settled) const;

 private:
  bool is_settled(const UsePlace& place, const std::set<std::string>& settled) const;
  at::Tensor agreement(const std::vector<UsePlace>& places, std::int64_t units,
                       const Transform& transform) const;
  double benefit_weight(const std::vector<std::string>& axes) const;
  std::int64_t units_on(const std::vector<std::string>& axes) const;

  const Symmetries& symmetries_;
  Tensors a_, b_;
  const Benefits& benefits_;
  std::map<std::string, double> votes_, scale_;  // by tensor
};

}  // namespace braid
