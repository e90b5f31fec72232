// In-head maps in closed form. Only products of queries with keys, and of values with the output
// projection, matter, so units inside a head may be mapped by any invertible T (method.md, Beyond
// permutations; Rotation symmetry, arXiv 2502.00264), or by complex scalings of pairs under rotary
// embeddings. Orthogonal maps: Procrustes, or rotations of pairs. General maps: the same between
// balanced factors, so that T is as well conditioned as these.
#pragma once

#include "braid/symmetry/axis_uses.h"

namespace braid {

// Elements that balance each model's blocks.
struct Frames {
  GroupElement a, b;
};
using FramesByAxis = std::map<std::string, Frames>;

// For every block, the symmetric positive T of the axis's group with T G T = T^-1 H T^-1, where G
// and H are the Gram matrices of the units' weights as vectors and covectors: it makes the factors
// of each circuit equally large in every direction (every rotary pair). REQUIRES a repeated axis.
GroupElement balance(const Symmetries& symmetries, const std::string& axis,
                     const Tensors& parameters);

// A's and B's frames of every in-head axis whose group contains scalings.
FramesByAxis find_frames(const Symmetries& symmetries, const Tensors& a, const Tensors& b);

// Cross products of A's and B's units, (blocks, n, blocks, n), transformed to the framed units.
// `frame_of`: each block's index in the frames.
at::Tensor into_frames(const at::Tensor& cross, Role role, const Frames& frames,
                       const std::vector<std::int64_t>& frame_of);

// Converts maps between framed units to maps between the units themselves: into B's frame, `maps`,
// out of A's. Block order[j] of B is at position j.
GroupElement out_of_frames(const GroupElement& maps, const std::vector<std::int64_t>& order,
                           const Frames& frames);

}  // namespace braid
