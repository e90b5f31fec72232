// Common parts of the symmetry tables of pre-norm models.
#pragma once

#include "braid/families/rules.h"
#include "braid/networks/pre_norm.h"

namespace braid {

// Heads of queries, keys and values, with `units` each: layer.*.head, layer.*.qk, layer.*.ov.
void add_head_axes(SymmetriesBuilder& table, std::int64_t heads, std::int64_t units,
                   Group query_key);

// Taps of PreNorm after the embeddings; `query` and `key`: the axes of their heads.
void add_pre_norm_taps(SymmetriesBuilder& table, const std::string& query = "head",
                       const std::string& key = "head");

// Folds of every layer's norms into the maps that read them, and of the last into `last_readers`.
std::vector<Fold> pre_norm_folds(const PreNormNames& names, std::int64_t layers,
                                 std::vector<std::string> last_readers, bool first_normed = true);

}  // namespace braid
