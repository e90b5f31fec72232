#include "braid/training/learn_alignment.h"

#include <ATen/core/grad_mode.h>

#include <chrono>

#include "braid/alignment/solver.h"
#include "braid/connectivity/interpolate.h"
#include "braid/error.h"
#include "braid/parallel.h"

namespace braid {
namespace {

// One axis that is learnt: a latent matrix for every block, as one tensor (blocks, n, n).
struct Latent {
  std::string axis;
  Group group = Group::general;  // that it stays in; permutation, even where signs are free
  double scale = 1;  // latent = what it stands for x scale, so that one rate of Adam fits all
};

at::Tensor eye_like(const Permutation& p) {
  return at::eye(static_cast<std::int64_t>(p.indices.size()), at::kFloat)
      .index_select(0, at::tensor(p.indices, at::kLong));
}

at::Tensor as_matrix(const Element& element) {
  if (const auto* matrix = std::get_if<Matrix>(&element)) return matrix->forward.to(at::kFloat);
  return eye_like(std::get<Permutation>(element));
}

std::string name_for_users(const Axis& axis) {
  if (!axis.per.empty()) return "in-head";
  return axis.component == "attention" ? "heads" : axis.component;
}

// The nearest orthogonal matrix, differentiable: U V^T by Newton-Schulz iterations, whose gradient
// has no poles where singular values meet.
at::Tensor orthogonalise(const at::Tensor& latent) {
  at::Tensor x = latent;
  for (int i = 0; i < 8; ++i) x = 1.5 * x - 0.5 * at::matmul(at::matmul(x, x.t()), x);
  return x;
}

// Orthogonal maps that fix the all-ones vector come from latents that do.
at::Tensor centre(const at::Tensor& latent) {
  const at::Tensor rows = latent - latent.mean(1, true);
  return rows - rows.mean(0, true) + 1 / static_cast<double>(latent.size(0));
}

class Learning {
 public:
  Learning(const Model& a, const Model& b, const Alignment& start, const LearnOptions& options)
      : symmetries_(b.symmetries),
        options_(options),
        a_(cast(a.parameters, at::kFloat)),
        b_(cast(b.parameters, at::kFloat)),
        fixed_(start.transform()) {
    for (const auto& [name, axis] : symmetries_.axes) {
      if (!options.learn.contains(name_for_users(axis))) continue;
      add(axis);
    }
    require(!latents_.empty(), "nothing to learn: this {} model has none of {}", symmetries_.family,
            fmt::join(options.learn, ", "));
    // Only what an axis that moves touches is computed anew at every step.
    for (const auto& [name, pattern] : symmetries_.tensors) {
      const at::NoGradGuard no_grad;
      if (moves(pattern)) continue;
      still_[name] = transform_tensor(symmetries_, pattern, b_.at(name), fixed_).contiguous();
    }
  }

  const Tensors& start() const { return start_; }

  // theta(t) of the latents, t drawn from the step.
  Tensors merged(const Tensors& latents, std::int64_t step) const {
    const double u = random_stream(options_.seed, 5, step).uniform();
    const double t = options_.lowest + u * (options_.highest - options_.lowest);
    Transform transform = fixed_;
    for (const Latent& latent : latents_) {
      transform[latent.axis] = relaxed(latent, latents.at(latent.axis));
    }
    Tensors result;
    for (const auto& [name, pattern] : symmetries_.tensors) {
      const auto still = still_.find(name);
      const at::Tensor end = still != still_.end()
                                 ? still->second
                                 : transform_tensor(symmetries_, pattern, b_.at(name), transform);
      result[name] = (1 - t) * a_.at(name) + t * end;
    }
    return result;
  }

  // The group elements that the latents have become, float64.
  Transform settled(const Tensors& latents) const {
    Transform transform;
    for (const Latent& latent : latents_) {
      const at::Tensor blocks = latents.at(latent.axis).to(at::kDouble) / latent.scale;
      for (std::int64_t i = 0; i < blocks.size(0); ++i) {
        const at::Tensor block = blocks[i];
        transform[latent.axis].push_back(latent.group == Group::general
                                             ? Element(make_matrix(block))
                                             : solve(latent.group, block).element);
      }
    }
    return transform;
  }

 private:
  void add(const Axis& axis) {
    const auto found = fixed_.find(axis.name);
    GroupElement element;
    if (found != fixed_.end()) element = found->second;
    if (found == fixed_.end()) {
      std::vector<std::int64_t> indices(static_cast<std::size_t>(axis.size));
      std::iota(indices.begin(), indices.end(), std::int64_t{0});
      element.assign(static_cast<std::size_t>(symmetries_.blocks(axis)), Permutation{indices});
    }
    Latent latent{axis.name, axis.group, 1};
    if (axis.group <= Group::signed_permutation) {
      latent.group = Group::permutation;
      latent.scale = options_.latent * options_.learning_rate / options_.permutation_learning_rate;
    }
    std::vector<at::Tensor> blocks;
    for (const Element& block : element) {
      // Signs are not learnt: they stay with what carries them.
      if (std::holds_alternative<SignedPermutation>(block)) return;
      blocks.push_back(as_matrix(block) * latent.scale);
    }
    start_[axis.name] = at::stack(blocks);
    latents_.push_back(latent);
  }

  bool moves(const Pattern& pattern) const {
    for (const Concatenation& dimension : pattern) {
      for (const Product& product : dimension) {
        for (const AxisUse& use : product) {
          if (start_.contains(use.axis)) return true;
        }
      }
    }
    return false;
  }

  static GroupElement relaxed(const Latent& latent, const at::Tensor& values) {
    GroupElement element;
    for (std::int64_t i = 0; i < values.size(0); ++i) {
      const at::Tensor block = values[i];
      if (latent.group == Group::general) {
        element.push_back(Matrix{block, at::linalg_inv(block).t()});
      } else if (latent.group >= Group::centred_orthogonal) {
        const bool centred = latent.group == Group::centred_orthogonal;
        const at::Tensor map = orthogonalise(centred ? centre(block) : block);
        element.push_back(Matrix{map, map});
      } else {
        // Straight through: the assignment forward, the whole matrix backward.
        const at::Tensor hard =
            as_matrix(solve(Group::permutation, block.detach().to(at::kDouble)).element);
        element.push_back(RelaxedPermutation{hard + (block - block.detach()) / latent.scale});
      }
    }
    return element;
  }

  const Symmetries& symmetries_;
  const LearnOptions& options_;
  Tensors a_, b_, still_, start_;
  Transform fixed_;
  std::vector<Latent> latents_;
};

}  // namespace

Learned learn_alignment(const Model& a, const Model& b, const Alignment& start,
                        const StepSource& parts, const nlohmann::json& identity,
                        const LearnOptions& options, const std::filesystem::path& state,
                        const TrainingLog& log) {
  require(start.broken.empty(), "learning starts from a symmetry, and {}", start.broken);
  require(options.steps > 0, "--steps is {}, expected at least 1", options.steps);
  const auto begin = std::chrono::steady_clock::now();
  const Learning learning(a, b, start, options);
  TrainingRun run;
  run.identity = identity;
  run.optimiser.learning_rate = options.learning_rate;
  run.optimiser.weight_decay = 0;
  run.optimiser.clip = 0;
  run.optimiser.steps = options.steps;
  run.save_every = state.empty() ? 0 : options.save_every;
  run.threads = options.threads;
  run.parts = parts;
  run.view = [&](const Tensors& latents, std::int64_t step) {
    return learning.merged(latents, step);
  };
  run.log = log;
  TrainingState trained = train(learning.start(), run, state);

  Learned learned{start, std::move(trained.curve)};
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  for (auto& [name, element] : learning.settled(trained.parameters)) {
    const double worst = condition(element);
    require(worst <= options.most_condition,
            "axis {}: the learnt maps have condition number {:.1e}, more than {:.1e}; lower "
            "--learning-rate",
            name, worst, options.most_condition);
    AxisMatch& match = learned.alignment.axes[name];
    match.element = element;
    match.applied = true;
    match.units = b.symmetries.axis(name).size * static_cast<std::int64_t>(element.size());
    match.seconds = elapsed.count();
  }
  learned.alignment.flat.clear();
  add_flat_views(b.symmetries, learned.alignment);
  return learned;
}

}  // namespace braid
