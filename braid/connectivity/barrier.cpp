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

std::vector<double> steps_of(const JsonField& list) {
  std::vector<double> t = list.numbers();
  for (std::size_t i = 1; i < t.size(); ++i) {
    if (t[i] <= t[i - 1]) list.items()[i].refuse(fmt::format("more than {}", t[i - 1]));
  }
  require(t.size() >= 2 && t.front() == 0 && t.back() == 1,
          "{}: expected at least 2 numbers from 0 to 1, found {} from {} to {}", list.where(),
          t.size(), t.front(), t.back());
  return t;
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

Curve curve_of(const JsonField& json) {
  Curve curve;
  curve.t = steps_of(json.at("t"));
  const auto along_path = [&](const JsonField& list) {
    std::vector<double> values = list.numbers();
    require(values.size() == curve.t.size(), "{}: expected {} numbers, one for each t, found {}",
            list.where(), curve.t.size(), values.size());
    return values;
  };
  curve.loss = along_path(json.at("loss"));
  curve.loss_a = json.at("loss_a").number();
  curve.loss_b = json.at("loss_b").number();
  const JsonField metrics = json.at("metrics");
  for (const std::string& name : metrics.keys()) {
    curve.metrics[name] = along_path(metrics.at(name));
    curve.metrics_a[name] = json.at("metrics_a").at(name).number();
    curve.metrics_b[name] = json.at("metrics_b").at(name).number();
  }
  curve.scored = json.at("scored").integer(0);
  curve.broken = json.at("broken").text();
  const JsonField exact = json.at("exact");
  if (exact.boolean() != curve.broken.empty()) {
    exact.refuse("true if, and only if, `broken` is empty");
  }
  return curve;
}

std::map<std::string, double> numbers_of(const Curve& curve) {
  const std::size_t middle = curve.t.size() / 2;
  std::map<std::string, double> numbers = {{"barrier", curve.barrier()},
                                           {"barrier_chord", curve.barrier_chord()},
                                           {"midpoint", curve.loss[middle]},
                                           {"end", curve.loss.back()},
                                           {"ends", (curve.loss_a + curve.loss_b) / 2}};
  for (const auto& [name, values] : curve.metrics) {
    numbers[name] = values[middle];
    numbers[name + "_ends"] = (curve.metrics_a.at(name) + curve.metrics_b.at(name)) / 2;
  }
  return numbers;
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
