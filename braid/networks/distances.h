// Embeddings of distances between tokens, against which queries and keys are also scored:
// disentangled attention (He et al. 2021, DeBERTa, equation 4; with the logarithmic buckets of
// version 2).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace braid {

struct Distances {
  std::string table = {};  // (2 span, width), full name
  std::string norm = {};   // of its rows; empty = none
  std::int64_t span = 0;   // rows per direction
  std::int64_t reach = 0;  // distance of the last row if rows are buckets; 0: one row per distance
  bool by_query = false;   // score queries against distances of keys (c2p)
  bool by_key = false;     // score keys against distances of queries (p2c)

  bool used() const { return by_query || by_key; }
  // Number of terms of a score.
  std::int64_t terms() const { return 1 + (by_query ? 1 : 0) + (by_key ? 1 : 0); }
  // (T, T): the row of each query's distance to each key.
  at::Tensor rows(std::int64_t tokens, const at::TensorOptions& options) const;
  // (B, heads, T, T): terms to add to scores, scaled. `places` is rows(T); `query` and `key` are
  // (B, T, width), those of the table's rows (2 span, width).
  at::Tensor scores(const at::Tensor& places, const at::Tensor& query, const at::Tensor& key,
                    const at::Tensor& row_queries, const at::Tensor& row_keys, std::int64_t heads,
                    double scale) const;
};

}  // namespace braid
