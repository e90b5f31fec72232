// The method "learned": another alignment, optimised for the loss.
#include "braid/methods/learn_alignment.h"
#include "braid/methods/method.h"

namespace braid {
namespace {

Alignment find(const Model& a, const Model& b, const Evidence& evidence,
               const MethodOptions& options, const Compute& compute, const Progress&) {
  return learn_alignment(a, b, evidence, options.learning, compute);
}

}  // namespace

const Method& learned() {
  static const Method method{"learned",
                             "Theus et al., NeurIPS 2025, arXiv 2506.22712",
                             "train another alignment for a low loss mid-path",
                             {.start = true, .losses = true},
                             find};
  return method;
}

}  // namespace braid
