#include "braid/connectivity/barrier.h"

#include <algorithm>
#include <cmath>

#include "braid/connectivity/interpolate.h"
#include "braid/error.h"

namespace braid {
namespace {

constexpr const char* decoder_name = "cls.predictions.decoder.weight";
constexpr const char* embeddings_name = "embeddings.word_embeddings.weight";
constexpr const char* head_prefix = "cls.predictions.transform.";

// The permutation that the word embeddings' columns get.
const Permutation& embedding_permutation(const Symmetries& symmetries, const Transform& transform) {
  const std::string& axis = symmetries.tensors.at(embeddings_name).back().front().front().axis;
  const auto found = transform.find(axis);
  require(found != transform.end(),
          "--decoder released is about permutations of the residual stream; align with "
          "--components residual");
  return std::get<Permutation>(found->second.front());
}

}  // namespace

Decoder find_decoder(const std::string& name) {
  static const std::map<std::string, Decoder> decoders = {
      {"tied", Decoder::tied},
      {"untied", Decoder::untied},
      {"released-wrong-direction", Decoder::released}};
  const auto found = decoders.find(name);
  require(found != decoders.end(),
          "decoder: '{}' is not one of tied, untied, released-wrong-direction", name);
  return found->second;
}

void require_exact_end(const Curve& curve, at::ScalarType precision) {
  // Rounding differs a little where units are summed in another order.
  const double allowed = precision == at::kBFloat16 ? 0.05 : 1e-4;
  require(curve.end_error() <= allowed,
          "the aligned B has loss {:.6f}, B itself {:.6f}: this alignment is not exact; please "
          "report it",
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
          {"scored", curve.scored}};
}

Path make_path(const Model& a, const Model& b, const Transform& transform,
               const Symmetries& symmetries, Decoder decoder, at::ScalarType precision) {
  Path path{a.network.get(), cast(a.parameters, precision), cast(b.parameters, precision), {}, {}};
  path.start = path.a;
  path.end = transform_parameters(symmetries, path.b, transform);
  if (decoder == Decoder::tied) return path;
  require(!a.parameters.contains(decoder_name), "--decoder: these models have no tied decoder");
  path.start[decoder_name] = path.a.at(embeddings_name);
  path.end[decoder_name] = path.b.at(embeddings_name);
  // An untied decoder keeps its input: of the head only the columns that read the stream move.
  for (auto& [name, tensor] : path.end) {
    if (!name.starts_with(head_prefix)) continue;
    Pattern columns = symmetries.tensors.at(name);
    columns.front() = {{{"", Role::inert, path.b.at(name).size(0)}}};
    tensor = transform_tensor(symmetries, columns, path.b.at(name), transform).contiguous();
  }
  if (decoder == Decoder::released) {
    const Permutation& p = embedding_permutation(symmetries, transform);
    path.end[decoder_name] = apply(p, path.end.at(embeddings_name), 1, Role::vector);
  }
  return path;
}

Curve trace(const Path& path, const Examples& examples, std::int64_t points, int threads,
            const Progress& progress) {
  require(points >= 2, "points is {}, expected at least 2", points);
  const c10::InferenceMode inference;
  Curve curve;
  const auto measure = [&](const Tensors& parameters) {
    return evaluate(*path.network, parameters, examples, threads);
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
