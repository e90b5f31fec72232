#include "braid/methods/learn_alignment.h"

#include <ATen/core/grad_mode.h>

#include <chrono>

#include "braid/error.h"
#include "braid/symmetry/shift.h"

namespace braid {
namespace {

// Prefix of A's latents among the trained parameters.
constexpr const char* of_a = "a/";

// Copies tensors made in inference mode, which cannot be differentiated through.
Transform outside_inference(Transform transform) {
  for (auto& [name, blocks] : transform) {
    for (Element& block : blocks) {
      if (auto* matrix = std::get_if<Matrix>(&block)) {
        *matrix = {matrix->forward.clone(), matrix->inverse_transpose.clone()};
      } else if (auto* rotary = std::get_if<RotaryScaling>(&block)) {
        *rotary = {rotary->real.clone(), rotary->imaginary.clone()};
      } else if (auto* shift = std::get_if<ShiftVector>(&block)) {
        shift->vector = shift->vector.clone();
      }
    }
  }
  return transform;
}

class Learning {
 public:
  Learning(const Model& a, const Model& b, const Alignment& start, const LearnOptions& options)
      : symmetries_(b.symmetries),
        options_(options),
        a_(cast(a.parameters, at::kFloat)),
        b_(cast(b.parameters, at::kFloat)),
        fixed_(outside_inference(start.transform())),
        latents_(symmetries_, fixed_, options.latents),
        start_(latents_.start()) {
    if (options.move_both) {
      // No shifts: each is tied to its model's own norms, so B cannot undo A's.
      LatentOptions linear = options.latents;
      linear.shifts = false;
      latents_of_a_.emplace(symmetries_, Transform(), linear);
      for (const auto& [name, tensor] : latents_of_a_->start()) start_[of_a + name] = tensor;
    }
    // Tensors not touched by a learnt axis are transformed only once.
    const c10::NoGradGuard no_grad;
    for (const auto& [name, tensor] : transform_parameters(symmetries_, b_, fixed_)) {
      if (!latents_.moves(name)) still_[name] = tensor;
    }
  }

  const Tensors& start() const { return start_; }

  // theta(t) for these latents, with t random by step.
  Tensors merged(const Tensors& values, std::int64_t step) const {
    const double u = random_stream(options_.seed, 5, step).uniform();
    const double t = options_.lowest + u * (options_.highest - options_.lowest);
    Transform transform = fixed_, transform_of_a;
    for (auto& [name, element] : latents_.relaxed(part(values, false))) transform[name] = element;
    if (latents_of_a_) transform_of_a = latents_of_a_->relaxed(part(values, true));
    const Tensors b = shift(symmetries_, b_, transform);
    Tensors result;
    for (const auto& [name, pattern] : symmetries_.tensors) {
      const auto still = still_.find(name);
      const at::Tensor end = still != still_.end()
                                 ? still->second
                                 : transform_tensor(symmetries_, pattern, b.at(name), transform);
      const at::Tensor begin = transform_tensor(symmetries_, pattern, a_.at(name), transform_of_a);
      result[name] = (1 - t) * begin + t * end;
    }
    return result;
  }

  // The final transform of B, relative to the unmoved A.
  Transform settled(const Tensors& values) const {
    Transform transform = fixed_;
    for (auto& [name, element] : latents_.settled(part(values, false))) transform[name] = element;
    if (!latents_of_a_) return transform;
    const Transform of_a = latents_of_a_->settled(part(values, true));
    return compose(symmetries_, inverse(symmetries_, of_a), transform);
  }

 private:
  // A's latents, or B's, without prefix.
  static Tensors part(const Tensors& values, bool of_first) {
    Tensors found;
    for (const auto& [name, value] : values) {
      if (name.starts_with(of_a) != of_first) continue;
      found[of_first ? name.substr(std::string_view(of_a).size()) : name] = value;
    }
    return found;
  }

  const Symmetries& symmetries_;
  const LearnOptions& options_;
  Tensors a_, b_, still_;
  Transform fixed_;
  Latents latents_;
  std::optional<Latents> latents_of_a_;
  Tensors start_;
};

// Units of an axis over all its blocks, or of a shift.
std::int64_t units_of(const Symmetries& symmetries, const std::string& name) {
  const auto shift = symmetries.shifts.find(name);
  if (shift != symmetries.shifts.end()) return symmetries.shape({{shift->second.units}}).front();
  const Axis& axis = symmetries.axis(name);
  return axis.size * symmetries.blocks(axis);
}

}  // namespace

Alignment learn_alignment(const Model& a, const Model& b, const Evidence& evidence,
                          const LearnOptions& options, const Compute& compute) {
  require(evidence.start.has_value(), "learning needs an alignment to start from");
  require(evidence.start->broken.empty(), "learning needs a symmetry to start from, but {}",
          evidence.start->broken);
  require(options.steps > 0, "{} learning steps, expected at least 1", options.steps);
  const auto begin = std::chrono::steady_clock::now();
  const Learning learning(a, b, *evidence.start, options);
  TrainingRun run;
  run.identity = evidence.identity;
  run.optimiser.learning_rate = options.latents.learning_rate;
  run.optimiser.weight_decay = 0;
  run.optimiser.clip = 0;
  run.optimiser.steps = options.steps;
  run.save_every = evidence.state.empty() ? 0 : options.save_every;
  run.compute = compute;
  run.parts = evidence.losses;
  run.view = [&](const Tensors& latents, std::int64_t step) {
    return learning.merged(latents, step);
  };
  run.log = evidence.log;
  const TrainingState trained = train(learning.start(), run, evidence.state);

  Alignment alignment = *evidence.start;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  for (auto& [name, element] : learning.settled(trained.parameters)) {
    const double worst = condition(element);
    require(worst <= options.most_condition,
            "axis {}: the learnt maps have condition number {:.1e}, above the limit {:.1e}; use a "
            "smaller `learning-rate`",
            name, worst, options.most_condition);
    AxisMatch& match = alignment.axes[name];
    match.element = std::move(element);
    if (!learning.start().contains(name)) continue;
    match.applied = true;
    match.objective = match.unaligned = 0;
    match.units = units_of(b.symmetries, name);
    match.seconds = elapsed.count();
  }
  fill_from_table(b.symmetries, alignment);
  return alignment;
}

}  // namespace braid
