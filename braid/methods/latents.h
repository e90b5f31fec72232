// Latents: elements of an alignment as free parameters of a differentiable loss. Permutations use a
// straight-through estimator (forward: the assignment of a latent matrix; backward: the whole
// matrix), orthogonal maps are U V^T of a latent matrix; general maps, complex scalings of rotary
// pairs and shifts are learnt directly (GLMC: Theus et al. 2025, arXiv 2506.22712).
#pragma once

#include <set>

#include "braid/symmetry/transform.h"

namespace braid {

struct LatentOptions {
  // ffn, heads, in-head, residual, head, pooler, shifts; empty: the default, those that improve the
  // result, i.e. feed-forward permutations and everything continuous.
  std::set<std::string> learn;
  bool shifts = true;                       // false: no shifts, whatever `learn` lists
  double learning_rate = 1e-2;              // of in-head maps (Adam)
  double shift_rate = 2.5;                  // of shifts, as a multiple of it
  double permutation_learning_rate = 1e-3;  // of the latent matrices of permutations
  double latent = 0.03;                     // their start, as a multiple of the permutation
};

class Latents {
 public:
  // Starts from `start`, where missing from the identity. Error if there is nothing to learn.
  Latents(const Symmetries& symmetries, const Transform& start, const LatentOptions& options);

  // By axis (blocks, n, n), or (blocks, 2, n/2), real and imaginary, if rotary; by shift (n).
  // Float32.
  const Tensors& start() const { return start_; }
  bool moves(const std::string& tensor) const { return moved_.contains(tensor); }

  // The elements that the values represent, differentiable, float32.
  Transform relaxed(const Tensors& values) const;
  // The final elements, projected to their groups, float64.
  Transform settled(const Tensors& values) const;

 private:
  struct Latent {
    bool shift = false;
    Group group = Group::general;
    double scale = 1;  // latent = element x scale, so that one learning rate of Adam fits all
  };
  static Element relaxed(const Latent& latent, const at::Tensor& block);
  static Element settled(const Latent& latent, const at::Tensor& block);
  void add(const Axis& axis, const Transform& start, const LatentOptions& options);

  const Symmetries& symmetries_;
  std::map<std::string, Latent> latents_;
  Tensors start_;
  std::set<std::string> moved_;
};

}  // namespace braid
