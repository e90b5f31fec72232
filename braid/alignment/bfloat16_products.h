// Products of bfloat16 features with exact terms and float32 sums, which libtorch's CPU matrix
// product (bfloat16 out) does not offer. Twice as fast as float32 where the processor has
// AVX512-BF16.
#pragma once

#include <ATen/ATen.h>

namespace braid {

// rows += a' b. `a` is (tokens, m) and `b` (tokens, n) bfloat16 with contiguous rows, `rows` (m, n)
// float64 with contiguous rows. Sums over the tokens are float32: for chunks, not for whole texts.
void add_products(const at::Tensor& a, const at::Tensor& b, at::Tensor& rows);

}  // namespace braid
