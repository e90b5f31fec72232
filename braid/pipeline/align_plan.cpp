#include "braid/pipeline/align_plan.h"

#include <algorithm>

#include "braid/connectivity/proved_models.h"
#include "braid/models/canonical.h"
#include "braid/notice.h"

namespace braid {
namespace {

// Components that the preset moves: all that exist and can be observed, except a model's outputs.
std::set<std::string> components_of(const AlignRequest& request, const Symmetries& symmetries) {
  std::set<std::string> wished = {"ffn", "attention"}, present, observable;
  for (const Tap& tap : symmetries.taps) observable.insert(tap.component);
  for (const auto& [name, axis] : symmetries.axes) present.insert(axis.component);
  if (request.preset == Preset::best) {
    wished.insert("residual");
    wished.insert(present.begin(), present.end());
  }
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.returned) wished.erase(axis.component);
  }
  if (request.table.empty()) return wished;
  std::erase_if(wished, [&](const std::string& component) {
    if (!present.contains(component)) return true;
    if (!request.observes() || observable.contains(component)) return false;
    notice("{} has no tap for {}, which stays in place", request.table, component);
    return true;
  });
  return wished;
}

// May the residual stream rotate, rather than only be permuted?
bool turns(const Symmetries& symmetries) {
  return std::any_of(symmetries.axes.begin(), symmetries.axes.end(), [](const auto& named) {
    return named.second.component == "residual" && mixes(named.second.group);
  });
}

// The request with unset options filled in from the preset.
AlignRequest completed(const AlignRequest& request, const Architecture& architecture) {
  AlignRequest full = request;
  const bool best = request.preset == Preset::best;
  // Weights include biases that the function does not depend on. Permutations stay exact to the
  // bit.
  const bool weights_alone =
      !request.observes() && !request.learns() && request.in_head != InHead::permutation;
  full.canonicalise = request.table.empty() &&
                      request.canonicalise.value_or(best && (architecture.folds || weights_alone));
  const Symmetries& symmetries = *full.canonicalise ? architecture.canonical : architecture.stored;
  if (full.components.empty()) full.components = components_of(request, symmetries);
  full.heads = request.heads.value_or(Heads::permute);
  full.query_key = request.query_key.value_or(best ? QueryKey::separate : QueryKey::shared);
  // One flat permutation covers queries and keys too.
  if (full.heads == Heads::ignore) full.query_key = QueryKey::shared;
  // A rotation is determined only by all layers together; a permutation, best by the first.
  const bool all = best && turns(symmetries);
  full.residual = request.residual.value_or(all ? ResidualTaps::all : ResidualTaps::first);
  full.signs = request.signs.value_or(best);
  const bool maps =
      best && full.heads != Heads::ignore && moves_inside(symmetries, full.components);
  full.in_head = request.in_head.value_or(maps ? InHead::orthogonal : InHead::permutation);
  require(full.in_head == InHead::permutation || full.heads != Heads::ignore,
          "`in-head` maps stay inside heads, so they exclude `heads` ignore");
  if (architecture.network) {
    full.max_length = sequence_length(*architecture.network, request.max_length, 512, "max-length");
  }
  return full;
}

nlohmann::json with_compute(nlohmann::json values, Compute compute,
                            std::initializer_list<Use> uses) {
  values.update(options_of(compute).values(uses));
  return values;
}

}  // namespace

Architecture architecture_of(const Family& family, const nlohmann::json& config,
                             const Parts& parts) {
  return {family.describe(config, parts), canonical_table(family, config, parts),
          family.folds != nullptr, family.network(config, parts)};
}

Architecture architecture_of(const Model& model) {
  if (model.family) return architecture_of(*model.family, model.config, model.parts);
  return {model.symmetries, model.symmetries, false, nullptr};
}

AlignPlan resolve(const AlignRequest& request, const Architecture& architecture) {
  request.check();
  request.require_text();
  AlignRequest full = completed(request, architecture);
  AlignPlan plan;
  static_cast<AlignSource&>(plan) = full;
  plan.canonicalise = *full.canonicalise;
  plan.max_length = full.max_length.value_or(0);
  plan.method = &full.found_by();
  plan.start = full.started_by();
  if (plan.method->needs.start && !plan.start) plan.start_file = full.start;
  plan.options = {{full.components, *full.heads, *full.query_key, *full.residual, *full.in_head,
                   full.absolute, *full.signs},
                  {},
                  full.learning};
  plan.options.weights.starts = full.starts;
  plan.options.weights.seed = plan.options.learning.seed = full.seed;
  if (plan.observes()) {
    plan.taps = taps_to_observe(plan.canonicalise ? architecture.canonical : architecture.stored,
                                plan.options.match);
  }
  // Neither tables nor subsets of the default components were measured.
  plan.by_default = request.preset == Preset::best && request.table.empty() && !request.in_head &&
                    !request.residual && !request.heads && request.components.empty() &&
                    !plan.learns();
  const OptionList options = options_of(full);
  plan.feature_options = options.values({Use::features});
  plan.result_options = options.values({Use::features, Use::result});
  return plan;
}

AlignPlan resolve(const AlignRequest& request, const Model& stored) {
  return resolve(request, architecture_of(stored));
}

Model AlignPlan::load(const std::filesystem::path& folder) const {
  return load_for_alignment(folder, canonicalise, table);
}

Model AlignPlan::in_form(const Model& stored) const {
  return canonicalise && !stored.canonical ? braid::canonicalise(stored).model : stored;
}

nlohmann::json features_json(const AlignPlan& plan, const Compute& compute) {
  return with_compute(plan.feature_options, compute, {Use::features});
}

nlohmann::json result_json(const AlignPlan& plan, const Compute& compute) {
  return with_compute(plan.result_options, compute, {Use::features, Use::result});
}

}  // namespace braid
