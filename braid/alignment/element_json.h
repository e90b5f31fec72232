// Group elements as JSON: "kind" and the kind's fields (format: alignment_file.cpp).
#pragma once

#include "braid/json/json_field.h"
#include "braid/symmetry/group.h"

namespace braid {

// `repeated`: write a list of blocks even for a single block.
nlohmann::json element_json(const GroupElement& element, bool repeated);

// Error naming the field if it is not a valid element of its kind, or its blocks differ in size.
// Sizes are checked before allocation.
GroupElement read_element(const JsonField& match, bool& repeated);

}  // namespace braid
