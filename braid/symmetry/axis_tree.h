// Trees of axes: an axis with `per` is a child of that axis, with one element per block of it.
// BERT's heads: head is the parent of qk and ov. LLaMA's: group (of query heads that share keys and
// values) is the parent of member, qk and ov, so that query heads move by S_member wr S_group and
// the units inside heads with their group.
#pragma once

#include "braid/symmetry/group.h"

namespace braid {

// Outermost first, without the axis itself.
std::vector<std::string> ancestors(const Symmetries& symmetries, const std::string& axis);

// The children of the axis, by name.
std::vector<std::string> children(const Symmetries& symmetries, const std::string& axis);

// The outermost ancestor, or the axis itself.
std::string root_of(const Symmetries& symmetries, const std::string& axis);

// The block of the axis moved to each position, over all blocks of its ancestors (outermost first),
// when `transform` moves the ancestors. REQUIRES permutations of these.
std::vector<std::int64_t> block_order(const Symmetries& symmetries, const std::string& axis,
                                      const Transform& transform);

}  // namespace braid
