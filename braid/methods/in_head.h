// In-head maps in closed form. The units inside a head may be mapped by any invertible T, as only
// products of queries with keys, and of values with the output projection, matter (method.md,
// Beyond permutations; Rotation symmetry, arXiv 2502.00264), and by complex numbers where rotary
// embeddings turn them. Orthogonal: Procrustes, or turns. General: the same between balanced
// factors, so that T is as well conditioned as the factors are.
#pragma once

#include "braid/symmetry/axis_uses.h"

namespace braid {

// Elements that bring each model's blocks into balance.
struct Frames {
  GroupElement a, b;
};
using FramesByAxis = std::map<std::string, Frames>;

// For every block the symmetric positive T of the axis's group with T G T = T^-1 H T^-1, where G
// and H are the Gram matrices of the units' weights as vectors and as covectors: the factors of
// each circuit become equally large in every direction (in every rotary pair). REQUIRES an axis
// that is repeated.
GroupElement balance(const Symmetries& symmetries, const std::string& axis,
                     const Tensors& parameters);

// A's and B's frames of every axis that scales may act on.
FramesByAxis find_frames(const Symmetries& symmetries, const Tensors& a, const Tensors& b);

// Cross products of A's and B's units, (blocks, n, blocks, n), as they are between the framed
// units. `frame_of`: which block of the frames each block is in.
at::Tensor into_frames(const at::Tensor& cross, Role role, const Frames& frames,
                       const std::vector<std::int64_t>& frame_of);

// Maps between framed units as maps between the units themselves: into B's frame, mapped, out of
// A's. Block order[j] of B is at place j.
GroupElement out_of_frames(const GroupElement& maps, const std::vector<std::int64_t>& order,
                           const Frames& frames);

}  // namespace braid
