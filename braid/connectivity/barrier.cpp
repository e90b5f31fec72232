#include "braid/connectivity/barrier.h"

#include <algorithm>
#include <cmath>

#include "braid/connectivity/interpolate.h"
#include "braid/error.h"

namespace braid {
namespace {

// The permutation of the word embeddings' columns.
const Permutation& permutation_of(const Symmetries& symmetries, const Transform& transform,
                                  const std::string& embeddings) {
  const std::string& axis = symmetries.tensors.at(embeddings).back().front().front().axis;
  const auto found = transform.find(axis);
  const bool permutes = found != transform.end() && permutes_only(symmetries.axis(axis).group);
  require(permutes,
          "`decoder` released needs a permutation of the residual stream; align with "
          "`components` residual");
  return std::get<Permutation>(found->second.front());
}

// The head whose decoder may be untied and left unmoved by the alignment.
const Head& head_to_untie(const Model& model) {
  const Head* head = model.network->head(Predicts::token);
  require(head && !model.parameters.contains(head->weight.front()),
          "{}: has no tied decoder; use `decoder` tied, the ordinary checkpoint",
          model.folder.string());
  require(!head->dense.empty(),
          "{}: the decoder of a {} model reads the residual stream directly, so every alignment "
          "moves it; use `decoder` tied, the ordinary checkpoint",
          model.folder.string(), model.family->title);
  return *head;
}

}  // namespace

void require_exact_end(const Curve& curve, at::ScalarType precision) {
  // Summing units in another order rounds differently.
  const double allowed = precision == at::kBFloat16 ? 0.05 : 1e-4;
  require(curve.end_error() <= allowed,
          "the aligned B has loss {:.6f}, but B has {:.6f}: this alignment is not exact; please "
          "report this",
          curve.loss.back(), curve.loss_b);
}

double Curve::barrier() const {
  return *std::max_element(loss.begin(), loss.end()) - (loss_a + loss_b) / 2;
}

double Curve::barrier_chord() const {
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < t.size(); ++i) {
    highest = std::max(highest, loss[i] - (1 - t[i]) * loss_a - t[i] * loss_b);
  }
  return highest;
}

double Curve::end_error() const { return std::abs(loss.back() - loss_b); }

nlohmann::json to_json(const Curve& curve) {
  return {{"t", curve.t},
          {"loss", curve.loss},
          {"barrier", curve.barrier()},
          {"barrier_chord", curve.barrier_chord()},
          {"loss_a", curve.loss_a},
          {"loss_b", curve.loss_b},
          {"metrics", curve.metrics},
          {"metrics_a", curve.metrics_a},
          {"metrics_b", curve.metrics_b},
          {"scored", curve.scored},
          {"end_error", curve.end_error()},
          {"exact", curve.broken.empty()},
          {"broken", curve.broken}};
}

Path make_path(const Model& a, const Model& b, const Transform& transform,
               const Symmetries& symmetries, Decoder decoder, const Compute& compute) {
  Path path{a.network.get(), cast(a.parameters, compute), cast(b.parameters, compute), {}, {}};
  path.start = path.a;
  path.end = transform_parameters(symmetries, path.b, transform);
  if (decoder == Decoder::tied) return path;
  const Head& head = head_to_untie(a);
  const std::string &decoder_name = head.weight.front(), &embeddings = head.weight.back();
  path.start[decoder_name] = path.a.at(embeddings);
  path.end[decoder_name] = path.b.at(embeddings);
  // An untied decoder's input must not move: in the head only the columns reading the stream do.
  for (auto& [name, tensor] : path.end) {
    if (!name.starts_with(head.dense + ".") && !name.starts_with(head.norm + ".")) continue;
    Pattern columns = symmetries.tensors.at(name);
    columns.front() = {{{"", Role::inert, path.b.at(name).size(0)}}};
    tensor = transform_tensor(symmetries, columns, path.b.at(name), transform).contiguous();
  }
  if (decoder == Decoder::released) {
    const Permutation& p = permutation_of(symmetries, transform, embeddings);
    path.end[decoder_name] = apply(p, path.end.at(embeddings), 1, Role::vector);
  }
  return path;
}

Curve trace(const Path& path, const Examples& examples, std::int64_t points, const Compute& compute,
            const Progress& progress) {
  require(points >= 2, "`points` is {}, expected at least 2", points);
  const c10::InferenceMode inference;
  Curve curve;
  const auto measure = [&](const Tensors& parameters) {
    return evaluate(*path.network, parameters, examples, compute);
  };
  const Score a = measure(path.a), b = measure(path.b);
  curve.scored = a.scored;
  curve.loss_a = a.loss;
  curve.loss_b = b.loss;
  curve.metrics_a = a.metrics;
  curve.metrics_b = b.metrics;
  for (std::int64_t i = 0; i < points; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(points - 1);
    curve.t.push_back(t);
    const Score score = measure(interpolate(path.start, path.end, t));
    curve.loss.push_back(score.loss);
    for (const auto& [name, value] : score.metrics) curve.metrics[name].push_back(value);
    if (progress) progress("curve", i + 1, points);
  }
  return curve;
}

}  // namespace braid
