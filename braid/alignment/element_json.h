// Group elements as JSON: "kind" and the kind's fields, as alignment_file.cpp says.
#pragma once

#include "braid/json/json_field.h"
#include "braid/symmetry/group.h"

namespace braid {

// `repeated`: a list of blocks, though there may be but one.
nlohmann::json element_json(const GroupElement& element, bool repeated);

// Error naming the field where it is no element of its kind, or its blocks differ in size. Sizes
// are checked before memory is taken.
GroupElement read_element(const JsonField& match, bool& repeated);

}  // namespace braid
