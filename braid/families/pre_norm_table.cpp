#include "braid/families/pre_norm_table.h"

namespace braid {

void add_head_axes(SymmetriesBuilder& table, std::int64_t heads, std::int64_t units,
                   Group query_key) {
  table.axis({"layer.*.head", heads, Group::permutation, "attention", ""})
      .axis({"layer.*.qk", units, query_key, "attention", "layer.*.head"})
      .axis({"layer.*.ov", units, Group::general, "attention", "layer.*.head"});
}

void add_pre_norm_taps(SymmetriesBuilder& table, const std::string& query, const std::string& key) {
  table
      .layer_taps({{"layer.*.attention", query + " ov", "attention"},
                   {"layer.*.query", query + " qk", "query_key"},
                   {"layer.*.key", key + " qk'", "query_key"},
                   {"layer.*.attention_sum", "x", "residual"},
                   {"layer.*.ffn", "ffn", "ffn"},
                   {"layer.*.output_sum", "x", "residual"}})
      .tap("final_norm", "x", "residual");
}

std::vector<Fold> pre_norm_folds(const PreNormNames& names, std::int64_t layers,
                                 std::vector<std::string> last_readers, bool first_normed) {
  std::vector<Fold> result;
  for (std::int64_t i = 0; i < layers; ++i) {
    const auto name = [&](const std::string& part) { return names.in_layer(i, part); };
    if (i > 0 || first_normed) {
      Fold attention{name(names.attention_norm), {}};
      for (const std::string& map : names.query_key_value) attention.readers.push_back(name(map));
      result.push_back(std::move(attention));
    }
    Fold ffn{name(names.ffn_norm), {}};
    if (!names.ffn_gate.empty()) ffn.readers.push_back(name(names.ffn_gate));
    ffn.readers.push_back(name(names.ffn_in));
    result.push_back(std::move(ffn));
  }
  result.push_back({names.norm, std::move(last_readers)});
  return result;
}

}  // namespace braid
