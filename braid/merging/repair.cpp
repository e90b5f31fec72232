#include "braid/merging/repair.h"

#include "braid/error.h"
#include "braid/symmetry/axis_uses.h"

namespace braid {
namespace {

// A linear map y = x W + b and where its parameters lie.
struct Reader {
  std::string weight, bias;
  bool input_first = false;  // stored (in, out)

  at::Tensor map(const Tensors& parameters) const {  // (in, out) float64
    const at::Tensor stored = parameters.at(weight).to(at::kDouble);
    return input_first ? stored : stored.t();
  }
  at::Tensor shift(const Tensors& parameters) const { return parameters.at(bias).to(at::kDouble); }
  void set(Tensors& parameters, const at::Tensor& map, const at::Tensor& shift) const {
    at::Tensor &w = parameters.at(weight), &b = parameters.at(bias);
    w = (input_first ? map : map.t()).to(w.scalar_type()).contiguous();
    b = shift.to(b.scalar_type());
  }
};

// The maps that read the units of `tap`: none where they lie on the residual stream, which other
// taps see as well, or are queries and keys.
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
    if (parameters.contains(bias)) readers.push_back({place.tensor, bias, place.dimension == 0});
  }
  return readers;
}

// What the parents' units, A of each moments, and the merged model's, B, are to each other.
struct Seen {
  const Ensemble& parents;
  std::vector<Moments> moments;  // of each parent with the merged model
  at::Tensor covariance;         // centred sums of the merged model's units
};

void rescale(const Reader& reader, const Seen& seen, Tensors& merged) {
  const Moments& own = seen.moments.front();
  const at::Tensor deviation = (own.square_b / static_cast<double>(own.tokens)).sqrt();
  at::Tensor mean = at::zeros_like(own.mean_b), goal = at::zeros_like(deviation);
  for (std::size_t k = 0; k < seen.moments.size(); ++k) {
    const Moments& of = seen.moments[k];
    mean.add_(of.mean_a, seen.parents.weights[k]);
    goal.add_((of.square_a / static_cast<double>(of.tokens)).sqrt(), seen.parents.weights[k]);
  }
  const at::Tensor dead = deviation.le(1e-6 * deviation.max());
  const at::Tensor scale = at::where(dead, 1.0, goal / deviation);
  const at::Tensor before = reader.map(merged), after = scale.unsqueeze(1) * before;
  reader.set(merged, after,
             reader.shift(merged) + at::mv(before.t(), mean) - at::mv(after.t(), own.mean_b));
}

void fit(const Reader& reader, const Seen& seen, double ridge, Tensors& merged) {
  const at::Tensor before = reader.map(merged);
  const double pull = ridge * seen.covariance.diagonal().mean().item<double>();
  at::Tensor left = seen.covariance.clone(), right = pull * before;
  left.diagonal().add_(pull);
  at::Tensor output = at::zeros({before.size(1)}, at::kDouble);
  for (std::size_t k = 0; k < seen.moments.size(); ++k) {
    const Tensors& parent = seen.parents.models[k].parameters;
    const Moments& of = seen.moments[k];
    const at::Tensor map = reader.map(parent);
    right.addmm_(of.cross.t(), map, 1, seen.parents.weights[k]);
    output.add_(reader.shift(parent) + at::mv(map.t(), of.mean_a), seen.parents.weights[k]);
  }
  // Semi-definite with a multiple of the identity: dead units keep their rows.
  left.diagonal().clamp_min_(1e-300);
  const auto [root, failed] = at::linalg_cholesky_ex(left);
  // What a unit adds to those before it, of what it is: below, it is rounding alone.
  constexpr double least = 1e-13;
  const at::Tensor own = root.diagonal().square() / left.diagonal();
  require(failed.item<std::int64_t>() == 0 && own.min().item<double>() > least,
          "`repair` least-squares: {}: {} tokens do not settle what {} units are read by, with "
          "`repair-ridge` {}; take a larger one, or more text (`repair-lines`)",
          reader.weight, seen.moments.front().tokens, before.size(0), ridge);
  const at::Tensor after = at::cholesky_solve(right, root);
  reader.set(merged, after, output - at::mv(after.t(), seen.moments.front().mean_b));
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
      if (options.kind == Repair::least_squares) seen.covariance = moments(repaired).cross;
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
