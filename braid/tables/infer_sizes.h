// Sizes of axes from the shapes of the tensors that carry them: every dimension is an equation, a
// sum over the terms of its concatenation of products of sizes.
#pragma once

#include "braid/symmetry/symmetries.h"

namespace braid {

struct InferredSizes {
  std::map<std::string, std::int64_t> axes;
  std::map<std::string, std::string> told_by;  // the tensor, or what says so, of each
  // The first axis that no shape tells, and a tensor that carries it; empty: all are told.
  std::string unknown, carried_by;
};

// `patterns`: with whole names of axes; inert factors of size 0 get theirs. `given`: sizes that are
// known beforehand. Error opening with `source` and naming the tensor, its shape and its pattern
// where a shape and the others contradict each other.
InferredSizes infer_sizes(std::map<std::string, Pattern>& patterns, const Tensors& tensors,
                          const std::map<std::string, std::int64_t>& given,
                          const std::string& source);

}  // namespace braid
