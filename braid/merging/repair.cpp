#include "braid/merging/repair.h"

#include "braid/error.h"
#include "braid/symmetry/axis_uses.h"

namespace braid {
namespace {

// A linear map y = x W + b and the names of its parameters; `bias` is empty if absent.
struct Reader {
  std::string weight, bias;
  bool input_first = false;  // stored (in, out)

  at::Tensor map(const Tensors& parameters) const {  // (in, out) float64
    const at::Tensor stored = parameters.at(weight).to(at::kDouble);
    return input_first ? stored : stored.t();
  }
  at::Tensor shift(const Tensors& parameters) const { return parameters.at(bias).to(at::kDouble); }
  void set_map(Tensors& parameters, const at::Tensor& map) const {
    at::Tensor& w = parameters.at(weight);
    w = (input_first ? map : map.t()).to(w.scalar_type()).contiguous();
  }
  void set_shift(Tensors& parameters, const at::Tensor& shift) const {
    at::Tensor& b = parameters.at(bias);
    b = shift.to(b.scalar_type());
  }
  // Without a bias means cannot be corrected, so sums are about 0 instead of the means.
  bool centres() const { return !bias.empty(); }
  at::Tensor squares(const at::Tensor& centred, const at::Tensor& mean, std::int64_t n) const {
    return centres() ? centred : centred + static_cast<double>(n) * mean.square();
  }
  at::Tensor cross(const Moments& of) const {
    return centres() ? of.cross
                     : of.cross + static_cast<double>(of.tokens) * at::outer(of.mean_a, of.mean_b);
  }
};

// The maps that read the units of `tap`. None for the residual stream, which other taps also
// observe, and for queries and keys.
std::vector<Reader> readers_of(const Symmetries& symmetries, const Tap& tap,
                               const Tensors& parameters) {
  const AxisUse& units = tap.axes.back();
  if (tap.component == "residual" || tap.component == "query_key" ||
      symmetries.axis(units.axis).component != tap.component) {
    return {};
  }
  std::vector<Reader> readers;
  constexpr std::string_view suffix = ".weight";
  for (const UsePlace& place : uses_of(symmetries, units.axis)) {
    const Pattern& pattern = symmetries.tensors.at(place.tensor);
    if (place.role != Role::covector || pattern.size() != 2 || !place.tensor.ends_with(suffix) ||
        pattern[place.dimension].size() != 1) {
      continue;
    }
    std::string bias = place.tensor.substr(0, place.tensor.size() - suffix.size()) + ".bias";
    if (!parameters.contains(bias)) bias.clear();
    readers.push_back({place.tensor, bias, place.dimension == 0});
  }
  return readers;
}

// Moments of the parents' units (A) with the merged model's (B).
struct Seen {
  const Ensemble& parents;
  std::vector<Moments> moments;  // by parent
  std::optional<Moments> own;    // of the merged model with itself
};

// Standard deviation of each unit.
at::Tensor deviation(const Reader& reader, const at::Tensor& squares, const at::Tensor& mean,
                     std::int64_t n) {
  return (reader.squares(squares, mean, n) / static_cast<double>(n)).sqrt();
}

void rescale(const Reader& reader, const Seen& seen, Tensors& merged) {
  const Moments& own = seen.moments.front();
  const at::Tensor found = deviation(reader, own.square_b, own.mean_b, own.tokens);
  at::Tensor mean = at::zeros_like(own.mean_b), goal = at::zeros_like(found);
  for (std::size_t k = 0; k < seen.moments.size(); ++k) {
    const Moments& of = seen.moments[k];
    mean.add_(of.mean_a, seen.parents.weights[k]);
    goal.add_(deviation(reader, of.square_a, of.mean_a, of.tokens), seen.parents.weights[k]);
  }
  const at::Tensor dead = found.le(1e-6 * found.max());
  const at::Tensor scale = at::where(dead, 1.0, goal / found);
  const at::Tensor before = reader.map(merged), after = scale.unsqueeze(1) * before;
  reader.set_map(merged, after);
  if (!reader.centres()) return;
  reader.set_shift(merged,
                   reader.shift(merged) + at::mv(before.t(), mean) - at::mv(after.t(), own.mean_b));
}

void fit(const Reader& reader, const Seen& seen, double ridge, Tensors& merged) {
  const at::Tensor before = reader.map(merged), covariance = reader.cross(*seen.own);
  const double pull = ridge * covariance.diagonal().mean().item<double>();
  at::Tensor left = covariance.clone(), right = pull * before;
  left.diagonal().add_(pull);
  for (std::size_t k = 0; k < seen.moments.size(); ++k) {
    const at::Tensor map = reader.map(seen.parents.models[k].parameters);
    right.addmm_(reader.cross(seen.moments[k]).t(), map, 1, seen.parents.weights[k]);
  }
  // Positive semidefinite plus a multiple of the identity: dead units keep their rows.
  left.diagonal().clamp_min_(1e-300);
  const auto [root, failed] = at::linalg_cholesky_ex(left);
  // Smallest share of a unit's variance not explained by the units before it; below is rounding.
  constexpr double least = 1e-13;
  const at::Tensor own = root.diagonal().square() / left.diagonal();
  require(failed.item<std::int64_t>() == 0 && own.min().item<double>() > least,
          "`repair` least-squares: {}: {} tokens do not determine the weights of {} units with "
          "`repair-ridge` {}; use a larger ridge or more text (`repair-lines`)",
          reader.weight, seen.moments.front().tokens, before.size(0), ridge);
  const at::Tensor after = at::cholesky_solve(right, root);
  reader.set_map(merged, after);
  if (!reader.centres()) return;
  at::Tensor output = -at::mv(after.t(), seen.moments.front().mean_b);
  for (std::size_t k = 0; k < seen.moments.size(); ++k) {
    const Tensors& parent = seen.parents.models[k].parameters;
    const at::Tensor map = reader.map(parent);
    output.add_(reader.shift(parent) + at::mv(map.t(), seen.moments[k].mean_a),
                seen.parents.weights[k]);
  }
  reader.set_shift(merged, output);
}

}  // namespace

Tensors repair(const Model& merged, const Ensemble& parents, const RepairOptions& options,
               const ObserveTaps& observe, const Progress& progress) {
  Model repaired = merged;
  if (options.kind == Repair::none) return repaired.parameters;
  const Symmetries& symmetries = merged.symmetries;
  const auto count = static_cast<std::int64_t>(symmetries.taps.size());
  std::int64_t done = 0;
  for (const Tap& tap : symmetries.taps) {
    const std::vector<Reader> readers = readers_of(symmetries, tap, repaired.parameters);
    if (!readers.empty()) {
      Seen seen{parents, {}, {}};
      const auto moments = [&](const Model& a) {
        return observe(a, repaired, {tap.name}).at(tap.name);
      };
      for (const Model& parent : parents.models) seen.moments.push_back(moments(parent));
      if (options.kind == Repair::least_squares) seen.own = moments(repaired);
      const c10::InferenceMode inference;
      for (const Reader& reader : readers) {
        if (options.kind == Repair::rescale) {
          rescale(reader, seen, repaired.parameters);
        } else {
          fit(reader, seen, options.ridge, repaired.parameters);
        }
      }
    }
    if (progress) progress("repairing", ++done, count);
  }
  return repaired.parameters;
}

}  // namespace braid
