// Any bytes as the file of a table, with a checkpoint of a few shapes: a table that prints as it is
// read, or Error.
#include "braid/tables/symmetry_table.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(data, size, {"table.yaml"}, [](const auto& folder) {
    static const braid::Tensors tensors = {
        {"a.0.weight", at::zeros({12, 4})}, {"a.1.weight", at::zeros({12, 4})},
        {"b.weight", at::zeros({4, 6})},    {"b.bias", at::zeros({4})},
        {"c.0.w", at::zeros({6, 4})},       {"c.1.w", at::zeros({6, 4})}};
    const braid::SymmetryTable table = braid::read_symmetry_table(folder / "table.yaml");
    const std::string text = braid::to_yaml(table);
    const braid::Symmetries found = braid::symmetries_of(table, tensors, "checkpoint");
    braid::to_yaml(braid::folded(found, tensors));
  });
}
