// Compute: in which dtype, where and by how many threads tensors are computed. What is long takes
// one.
#pragma once

#include <ATen/ATen.h>

namespace braid {

struct Compute {
  at::ScalarType dtype = at::kFloat;  // of forward passes; statistics are always float64
  at::Device device = at::kCPU;
  int threads = 1;  // tasks at a time; no result depends on it
};

}  // namespace braid
