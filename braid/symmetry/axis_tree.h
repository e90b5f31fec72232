// Axes as trees: an axis with `per` stands under that axis, with an element for each of its blocks.
// BERT's heads: head over qk and ov. LLaMA's: kv over group (the queries of a key-value head), qk
// and ov, so that heads move by S_group wr S_kv and the units inside them with their kv.
#pragma once

#include "braid/symmetry/group.h"

namespace braid {

// Outermost first, without the axis itself.
std::vector<std::string> ancestors(const Symmetries& symmetries, const std::string& axis);

// The axes that are repeated for this one, by name.
std::vector<std::string> children(const Symmetries& symmetries, const std::string& axis);

// The outermost ancestor, or the axis itself.
std::string root_of(const Symmetries& symmetries, const std::string& axis);

// Which block of the axis comes to each place, over all blocks of all its ancestors (outermost
// first), when the ancestors move as `transform` says. REQUIRES permutations of them.
std::vector<std::int64_t> block_order(const Symmetries& symmetries, const std::string& axis,
                                      const Transform& transform);

}  // namespace braid
