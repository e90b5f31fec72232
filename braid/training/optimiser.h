// Optimiser: AdamW (Loshchilov & Hutter 2019) over named parameters, with linear warm-up, linear or
// cosine decay to 0, no weight decay of biases and gains, and a state of plain tensors that can be
// saved and restored.
#pragma once

#include <functional>
#include <memory>

#include "braid/checkpoint/tensors.h"

namespace braid {

struct OptimiserOptions {
  double learning_rate = 1e-3;  // peak
  double weight_decay = 0.01;
  double clip = 1.0;  // norm of the whole gradient; 0 = off
  std::int64_t steps = 0;
  std::int64_t warmup_steps = 0;
  bool cosine = false;  // cosine decay instead of linear
};

// fraction x steps, rounded up.
std::int64_t warmup_steps(double fraction, std::int64_t steps);

class Optimiser {
 public:
  // Makes `parameters` require gradients, and updates them in place.
  Optimiser(Tensors& parameters, const OptimiserOptions& options);
  ~Optimiser();

  // `step` counts from 0. `gradients`: by parameter name.
  void step(std::int64_t step, const Tensors& gradients);

  Tensors state() const;  // "<parameter>/first", "/second": moments of the gradient
  // Restores the state after `step`. `saved`: the state's tensor of this name, shaped like the
  // other.
  void restore(
      const std::function<at::Tensor(const std::string& name, const at::Tensor& like)>& saved,
      std::int64_t step);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace braid
