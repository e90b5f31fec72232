// Names of groups, shifts and components in table files.
#pragma once

#include <array>
#include <utility>

#include "braid/symmetry/symmetries.h"

namespace braid {

inline constexpr std::array<std::pair<const char*, Group>, 7> group_words = {
    {{"permutation", Group::permutation},
     {"signed-permutation", Group::signed_permutation},
     {"centred-orthogonal", Group::centred_orthogonal},
     {"orthogonal", Group::orthogonal},
     {"general", Group::general},
     {"rotary", Group::rotary},
     {"rotary-signs", Group::rotary_signs}}};

inline constexpr std::array<std::pair<const char*, Shift::Kind>, 2> shift_words = {
    {{"averaged", Shift::Kind::averaged}, {"normed", Shift::Kind::normed}}};

// Components of axes, as in option `components`.
inline constexpr std::array<const char*, 6> component_words = {"ffn",  "attention", "residual",
                                                               "head", "pooler",    "embedding"};

}  // namespace braid
