// Prints docs/families.md: what is free in every family, read off the tables that alignments use.
#include <cstdio>
#include <set>

#include "braid/error.h"
#include "braid/families/families.h"

namespace {

using namespace braid;

// The axes of this component that stand inside heads, or not: what each kind may do, once.
std::string groups(const Symmetries& table, const std::string& component, bool inside) {
  std::set<std::string> kinds;
  for (const auto& [name, axis] : table.axes) {
    if (axis.component != component || axis.per.empty() == inside) continue;
    if (inside && permutes_only(axis.group)) continue;  // heads
    std::string text = inside ? name.substr(name.rfind('.') + 1) + ": " : "";
    text += group_name(axis.group);
    if (axis.scales) text += " and sizes";
    kinds.insert(text);
  }
  return fmt::format("{}", fmt::join(kinds, "; "));
}

Symmetries table_of(const Family& family, bool unit_gains) {
  nlohmann::json config = family.sample;
  config["tie_word_embeddings"] = false;  // folding unties
  return family.describe(config, {family.classes.front().parts, unit_gains});
}

std::string titles(const Family& family) {
  std::string text;
  for (const ModelClass& kind : family.classes) {
    if (!text.empty()) text += ", ";
    text += "`" + kind.name + "`";
  }
  return text;
}

}  // namespace

int main() {
  fmt::print(
      "# Families\n\n"
      "Written by `build/tests/print_families` from the tables that alignments use; a test keeps "
      "this page up to date. Every cell is\ntested: the forward pass against `transformers` "
      "(float64, 1e-9; 1e-5 where its own norms use single precision), and every group\nby random "
      "elements that preserve all outputs (1e-9) while those of the next larger group do not, and "
      "by planted elements that\nactivations and weights recover. Configurations with unsupported "
      "keys are rejected by name.\n\n"
      "| family | `model_type` | stream | stream, gains folded | inside heads | feed-forward |\n"
      "|---|---|---|---|---|---|\n");
  for (const Family* family : families()) {
    const Symmetries table = table_of(*family, false);
    const std::string folded =
        family->folds ? groups(table_of(*family, true), "residual", false) : "";
    fmt::print("| {} | `{}` | {} | {} | {} | {} |\n", family->title, family->model_type,
               groups(table, "residual", false), folded, groups(table, "attention", true),
               groups(table, "ffn", false));
  }
  fmt::print(
      "\nHeads are permuted in all families; where several query heads share a key and value head, "
      "these groups are permuted, and the\nheads inside each. *Sizes*: a positive factor per unit, "
      "removed by a canonical form.\n\n"
      "| family | classes |\n|---|---|\n");
  for (const Family* family : families())
    fmt::print("| {} | {} |\n", family->title, titles(*family));
  fmt::print(
      "\n`hf_olmo` checkpoints (DataDecide, OLMo) are read, and written as equivalent LLaMA or "
      "OLMo "
      "models.\n");
}
