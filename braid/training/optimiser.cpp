#include "braid/training/optimiser.h"

#include <torch/optim/adamw.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace braid {

std::int64_t warmup_steps(double fraction, std::int64_t steps) {
  return static_cast<std::int64_t>(std::ceil(fraction * static_cast<double>(steps)));
}

struct Optimiser::Impl {
  Tensors& parameters;
  OptimiserOptions options;
  std::unique_ptr<torch::optim::AdamW> adam;
};

Optimiser::Optimiser(Tensors& parameters, const OptimiserOptions& options)
    : impl_(std::make_unique<Impl>(Impl{parameters, options, nullptr})) {
  std::vector<at::Tensor> decayed, kept;
  for (auto& [name, tensor] : parameters) {
    tensor.requires_grad_(true);
    (tensor.dim() > 1 ? decayed : kept).push_back(tensor);
  }
  const auto group = [&](std::vector<at::Tensor> tensors, double decay) {
    return torch::optim::OptimizerParamGroup(std::move(tensors),
                                             std::make_unique<torch::optim::AdamWOptions>(
                                                 torch::optim::AdamWOptions().weight_decay(decay)));
  };
  std::vector<torch::optim::OptimizerParamGroup> groups = {group(decayed, options.weight_decay),
                                                           group(kept, 0)};
  impl_->adam = std::make_unique<torch::optim::AdamW>(groups);
}

Optimiser::~Optimiser() = default;

void Optimiser::step(std::int64_t step, const Tensors& gradients) {
  const OptimiserOptions& o = impl_->options;
  double norm = 0;
  for (const auto& [name, gradient] : gradients) {
    norm += gradient.square().sum(at::kDouble).item<double>();
  }
  norm = std::sqrt(norm);
  const double scale = o.clip > 0 && norm > o.clip ? o.clip / norm : 1;
  for (auto& [name, parameter] : impl_->parameters) {
    parameter.mutable_grad() = scale == 1 ? gradients.at(name) : gradients.at(name) * scale;
  }
  const auto now = static_cast<double>(step), steps = static_cast<double>(o.steps);
  const auto warmup = static_cast<double>(o.warmup_steps);
  const double left = (steps - now) / std::max(steps - warmup, 1.0);  // 0 only after the last step
  const double decay = o.cosine ? (1 - std::cos(std::numbers::pi * left)) / 2 : left;
  const double factor = now < warmup ? (now + 1) / warmup : decay;
  for (auto& group : impl_->adam->param_groups()) {
    group.options().set_lr(o.learning_rate * factor);
  }
  impl_->adam->step();
}

Tensors Optimiser::state() const {
  Tensors result;
  for (const auto& [name, parameter] : impl_->parameters) {
    const auto found = impl_->adam->state().find(parameter.unsafeGetTensorImpl());
    if (found == impl_->adam->state().end()) continue;
    const auto& moments = static_cast<const torch::optim::AdamWParamState&>(*found->second);
    result[name + "/first"] = moments.exp_avg();
    result[name + "/second"] = moments.exp_avg_sq();
  }
  return result;
}

void Optimiser::restore(
    const std::function<at::Tensor(const std::string& name, const at::Tensor& like)>& saved,
    std::int64_t step) {
  for (const auto& [name, parameter] : impl_->parameters) {
    auto moments = std::make_unique<torch::optim::AdamWParamState>();
    moments->step(step);
    moments->exp_avg(saved(name + "/first", parameter).clone());
    moments->exp_avg_sq(saved(name + "/second", parameter).clone());
    impl_->adam->state()[parameter.unsafeGetTensorImpl()] = std::move(moments);
  }
}

}  // namespace braid
