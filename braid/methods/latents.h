// Latents: the elements of an alignment as free parameters that a loss can be differentiated in.
// Permutations are learnt straight-through (the assignment of a latent matrix goes forward, the
// gradient to all of it), orthogonal maps as U V^T of a latent matrix, general maps, complex
// numbers of rotary pairs and shifts as themselves (GLMC: Theus et al. 2025, arXiv 2506.22712).
#pragma once

#include <set>

#include "braid/symmetry/transform.h"

namespace braid {

struct LatentOptions {
  std::set<std::string> learn;  // ffn, heads, in-head, residual, head, pooler, shifts; empty: usual
  bool shifts = true;           // false: none, whatever `learn` has
  double learning_rate = 1e-2;  // of in-head maps: Adam
  double shift_rate = 2.5;      // of shifts: so many times that
  double permutation_learning_rate = 1e-3;  // of the latent matrices of permutations
  double latent = 0.03;                     // their start: so many times the permutation
};

class Latents {
 public:
  // Of the parts that may move, where `start` has them, or at rest. The usual parts: those that
  // gain from it, feed-forward permutations and all that moves continuously. Error where there are
  // none.
  Latents(const Symmetries& symmetries, const Transform& start, const LatentOptions& options);

  // By axis (blocks, n, n), or (blocks, 2, n/2) of a rotary one: real, imaginary; or by shift (n).
  // Float32.
  const Tensors& start() const { return start_; }
  bool moves(const std::string& tensor) const { return moved_.contains(tensor); }

  // What the values stand for, differentiable, float32.
  Transform relaxed(const Tensors& values) const;
  // The elements of the group that they have become, float64.
  Transform settled(const Tensors& values) const;

 private:
  struct Latent {
    bool shift = false;
    Group group = Group::general;  // that it stays in
    double scale = 1;  // latent = what it stands for x scale, so that one rate of Adam fits all
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
