// WeightObjective: how well A's weights and B's, moved, agree, and what that gains by each axis.
#pragma once

#include <set>

#include "braid/methods/matching.h"

namespace braid {

// What else pairing units is worth: agreements by their axes, (units, units) float64.
using Benefits = std::map<std::vector<std::string>, at::Tensor>;

// A function of a Transform alone: may be asked from several threads.
class WeightObjective {
 public:
  // REQUIRES float64 tensors of the table. `benefits` must outlive it.
  WeightObjective(const Symmetries& symmetries, Tensors a, Tensors b, const Benefits& benefits);

  // sum over tensors sqrt(entries) <A, g B> / (|A| |B|), and over benefits <g, benefit>, each
  // weighted as all tensors together that carry its units.
  double operator()(const Transform& transform) const;

  // Its derivative in the elements of a tree of axes, the rest of B being moved by `transform`:
  // what pairing the tree's units is worth. Only tensors whose other axes are all `settled` tell,
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
