#include "braid/families/rules.h"

namespace braid {

void add_linear(SymmetriesBuilder& table, const std::string& name, const std::string& out,
                const std::string& in) {
  table.tensor(name + ".weight", out + " " + in).tensor(name + ".bias", out);
}

void add_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x) {
  table.tensor(name + ".weight", "=" + x).tensor(name + ".bias", x);
}

void add_unit_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x,
                   std::int64_t width) {
  table.tensor(name + ".weight", "_" + std::to_string(width)).tensor(name + ".bias", x);
}

void add_linear_heads(SymmetriesBuilder& table, const nlohmann::json& config, const Family& family,
                      const Parts& parts, const std::string& pooled, const std::string& stream) {
  for (const Part& part : family.parts) {
    if (!part.head || !parts.has(part.name) || part.head->predicts == Predicts::token) continue;
    const Predicts what = part.head->predicts;
    const bool labels = what == Predicts::label || what == Predicts::token_label;
    const std::string rows =
        "_" + std::to_string(part.head->rows > 0 ? part.head->rows : label_count(config)) +
        (labels ? ":label" : "");
    const std::string& in = part.head->reads == Reads::pooled ? pooled : stream;
    table.tensor(part.head->weight.front(), rows + " " + in + "'");
    for (const std::string& bias : part.head->bias) table.tensor(bias, rows);
  }
}

}  // namespace braid
