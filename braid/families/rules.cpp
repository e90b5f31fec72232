#include "braid/families/rules.h"

namespace braid {

void add_linear(SymmetriesBuilder& table, const std::string& name, const std::string& out,
                const std::string& in, bool biased) {
  table.tensor(name + ".weight", out + " " + in);
  if (biased) table.tensor(name + ".bias", out);
}

void add_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x,
              bool biased) {
  table.tensor(name + ".weight", "=" + x);
  if (biased) table.tensor(name + ".bias", x);
}

void add_unit_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x,
                   std::int64_t width) {
  table.tensor(name + ".weight", "_" + std::to_string(width)).tensor(name + ".bias", x);
}

Axis ffn_axis(std::int64_t units, const Activation& activation, bool gated) {
  Axis axis{"layer.*.ffn", units, gated ? Group::signed_permutation : Group::permutation, "ffn",
            ""};
  axis.scales = gated || activation.is_homogeneous();
  return axis;
}

void add_linear_heads(SymmetriesBuilder& table, const nlohmann::json& config, const Family& family,
                      const Parts& parts, const HeadInputs& read) {
  for (const Part& part : family.parts) {
    if (!part.head || !parts.has(part.name)) continue;
    const Predicts predicts = part.head->predicts;
    if (predicts == Predicts::token || predicts == Predicts::written) continue;
    const bool labels = predicts == Predicts::label || predicts == Predicts::token_label;
    const std::string rows =
        "_" + std::to_string(part.head->rows > 0 ? part.head->rows : label_count(config)) +
        (labels ? ":label" : "");
    std::string in = part.head->reads == Reads::pooled ? read.pooled : read.stream;
    if (!part.head->dense.empty()) {
      // Signs are free through an odd function.
      const bool odd =
          part.head->activation && part.head->activation->is_odd() && part.head->norm.empty();
      in = part.head->tap;
      table.axis(
          {in, read.width, odd ? Group::signed_permutation : Group::permutation, "head", ""});
      add_linear(table, part.head->dense, in, read.stream + "'", read.dense_biased);
      if (!part.head->norm.empty()) add_norm(table, part.head->norm, in, read.norm_biased);
      table.tap(in, in, "head");
    }
    table.tensor(part.head->weight.front(), rows + " " + in + "'");
    for (const std::string& bias : part.head->bias) table.tensor(bias, rows);
    if (!part.head->teacher.empty()) add_linear(table, part.head->teacher, rows, in + "'");
  }
}

Head language_model(const std::string& decoder, const std::string& words) {
  Head head{.predicts = Predicts::token};
  head.weight = {decoder + ".weight", words};
  return head;
}

}  // namespace braid
