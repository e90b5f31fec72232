#include "braid/alignment/align.h"

#include "braid/error.h"

namespace braid {
namespace {

void require_same_groups(const Model& a, const Model& b) {
  for (const auto& [name, axis] : a.symmetries.axes) {
    const Group other = b.symmetries.axis(name).group;
    require(axis.group == other,
            "axis {} is free to {} maps in {} and to {} maps in {}: bring both to canonical form "
            "(--canonicalise), or neither",
            name, group_name(axis.group), a.folder.string(), group_name(other), b.folder.string());
  }
}

}  // namespace

Alignment align(const Model& a, const Model& b, Method method, const MomentsByTap& moments,
                const MatchOptions& options, const WeightOptions& weights, int threads,
                const Progress& progress) {
  require_same_architecture(a, b);
  require_same_groups(a, b);
  const Symmetries table = table_of(a, options.ablation());
  std::map<std::string, Frames> frames;
  if (options.in_head == InHead::general) {
    const c10::InferenceMode inference;
    frames = find_frames(table, a.parameters, b.parameters);
  }
  if (method == Method::activations) {
    return match(table, moments, options, threads, progress, frames);
  }
  require(table.broken.empty(), "weights are matched by symmetries only, and {}", table.broken);
  Benefits benefits;
  if (method == Method::both) benefits = activation_benefits(table, moments, options, frames);
  return match_weights(table, a.parameters, b.parameters, options, weights, benefits, frames,
                       threads, progress);
}

}  // namespace braid
