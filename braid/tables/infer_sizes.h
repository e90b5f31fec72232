// Infers sizes of axes from the shapes of tensors: every dimension is an equation, a sum (over the
// terms of its concatenation) of products of sizes.
#pragma once

#include "braid/symmetry/symmetries.h"

namespace braid {

struct InferredSizes {
  std::map<std::string, std::int64_t> axes;
  std::map<std::string, std::string> told_by;  // the tensor, or `sizes`, that gave each
  // The first axis that no shape determines, and a tensor that carries it; empty if all are known.
  std::string unknown, carried_by;
};

// `patterns`: with full names of axes; sizes of inert factors (0) are filled in. `given`: known
// sizes. If a shape contradicts the others, throws an Error that starts with `source` and names the
// tensor, its shape and its pattern.
InferredSizes infer_sizes(std::map<std::string, Pattern>& patterns, const Tensors& tensors,
                          const std::map<std::string, std::int64_t>& given,
                          const std::string& source);

}  // namespace braid
