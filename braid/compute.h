// Compute: dtype, device and thread count of a computation. Every long-running function takes one.
#pragma once

#include <ATen/ATen.h>

namespace braid {

struct Compute {
  at::ScalarType dtype = at::kFloat;  // of forward passes; statistics are always float64
  at::Device device = at::kCPU;
  int threads = 1;  // parallel tasks; results do not depend on it
};

}  // namespace braid
