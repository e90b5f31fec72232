// Distances between tokens as vectors of the stream, which queries and keys are scored against as
// well: disentangled attention (He et al. 2021, DeBERTa, equation 4; its logarithmic buckets are
// those of version 2).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace braid {

struct Distances {
  std::string table = {};  // (2 span, width), by its whole name
  std::string norm = {};   // of its rows; empty = none
  std::int64_t span = 0;   // rows of either direction
  std::int64_t reach = 0;  // the distance of the last row, where rows are buckets; 0: each is one
  bool by_query = false;   // a query is scored against how far a key is
  bool by_key = false;     // a key against how far the query is

  bool used() const { return by_query || by_key; }
  // What a score is the sum of.
  std::int64_t terms() const { return 1 + (by_query ? 1 : 0) + (by_key ? 1 : 0); }
  // (T, T): the row of each query's distance to each key.
  at::Tensor rows(std::int64_t tokens, const at::TensorOptions& options) const;
  // (B, heads, T, T), scaled: what is added to scores. `places` are rows(T), `query` and `key`
  // (B, T, width), those of the table's rows (2 span, width).
  at::Tensor scores(const at::Tensor& places, const at::Tensor& query, const at::Tensor& key,
                    const at::Tensor& row_queries, const at::Tensor& row_keys, std::int64_t heads,
                    double scale) const;
};

}  // namespace braid
