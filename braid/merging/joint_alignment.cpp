#include "braid/merging/joint_alignment.h"

#include <numeric>

#include "braid/connectivity/interpolate.h"
#include "braid/error.h"

namespace braid {
namespace {

double agreement(const std::vector<Alignment>& alignments) {
  double sum = 0;
  for (const Alignment& alignment : alignments) {
    for (const auto& [name, match] : alignment.axes) {
      if (match.applied) sum += match.objective;
    }
  }
  return sum;
}

Model moved(Model model, const Alignment& alignment) {
  model.parameters =
      transform_parameters(model.symmetries, model.parameters, alignment.transform());
  return model;
}

// All models but the k-th, with weights scaled to sum to 1.
Ensemble others_of(const std::vector<Model>& models, const std::vector<double>& weights,
                   std::size_t k) {
  Ensemble others{models, weights};
  others.models.erase(others.models.begin() + static_cast<std::ptrdiff_t>(k));
  others.weights.erase(others.weights.begin() + static_cast<std::ptrdiff_t>(k));
  const double total = std::accumulate(others.weights.begin(), others.weights.end(), 0.0);
  for (double& weight : others.weights) weight /= total;
  return others;
}

}  // namespace

Model mean_model(const Ensemble& ensemble) {
  if (ensemble.models.size() == 1) return ensemble.models.front();
  std::vector<Tensors> parameters;
  for (const Model& model : ensemble.models) parameters.push_back(model.parameters);
  Model mean = ensemble.models.front();
  mean.parameters = average(parameters, ensemble.weights);
  return mean;
}

JointAlignment align_jointly(const std::vector<Model>& models, const std::vector<double>& weights,
                             const AlignTo& align_to, std::int64_t sweeps,
                             const Progress& progress) {
  const std::size_t count = models.size();
  const auto steps = static_cast<std::int64_t>(count) * (1 + sweeps);
  std::int64_t done = 0;
  const auto find = [&](const Ensemble& others, const Model& model) {
    Alignment alignment = align_to(others, model);
    require(alignment.broken.empty(), "{}: models can only be merged by symmetries, but {}",
            model.folder.string(), alignment.broken);
    if (progress) progress("common frame", ++done, steps);
    return alignment;
  };
  JointAlignment joint;
  std::vector<Model> placed;
  for (const Model& model : models) {
    joint.alignments.push_back(find({{models.front()}, {1.0}}, model));
    placed.push_back(moved(model, joint.alignments.back()));
  }
  for (std::int64_t sweep = 0; sweep < sweeps; ++sweep) {
    const std::vector<Alignment> before = joint.alignments;
    for (std::size_t k = 0; k < count; ++k) {
      joint.alignments[k] = find(others_of(placed, weights, k), models[k]);
      placed[k] = moved(models[k], joint.alignments[k]);
    }
    joint.objectives.push_back(agreement(joint.alignments));
    const std::size_t swept = joint.objectives.size();
    if (swept > 1 && joint.objectives[swept - 1] <= joint.objectives[swept - 2]) {
      joint.alignments = before;
      break;
    }
  }
  return joint;
}

}  // namespace braid
