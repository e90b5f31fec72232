// barrier: the loss on the linear path between two models, and its maximum above the endpoints.
#pragma once

#include <vector>

#include "braid/json/json_field.h"
#include "braid/progress.h"
#include "braid/symmetry/transform.h"
#include "braid/tasks/evaluate.h"

namespace braid {

// B's decoder in a model with tied embeddings (method.md, The tied decoder).
enum class Decoder {
  tied,      // the exact, ordinary checkpoint
  untied,    // also exact: an untied decoder, unchanged by the alignment
  released,  // the authors' released evaluation: W' U, U applied in the wrong direction: B' != B
};

struct Curve {
  std::vector<double> t, loss;  // t = 0 is A, t = 1 is B'
  std::map<std::string, std::vector<double>> metrics;
  double loss_a = 0, loss_b = 0;  // of the untouched models
  std::map<std::string, double> metrics_a, metrics_b;
  std::int64_t scored = 0;  // tokens or examples
  std::string broken;       // why t = 1 is not B; empty if the path is exact

  double barrier() const;        // max_t L(t) - (L_A + L_B) / 2
  double barrier_chord() const;  // max_t [L(t) - (1 - t) L_A - t L_B]  (Frankle et al. 2020)
  double end_error() const;      // |L(1) - L_B|: 0 for a symmetry, up to rounding
};

// Error if the path of an exact alignment does not end in B up to rounding.
void require_exact_end(const Curve& curve, at::ScalarType precision);

// {"t", "loss", "barrier", "barrier_chord", "loss_a", "loss_b", "metrics", "exact", ...}
nlohmann::json to_json(const Curve& curve);
// The inverse. Error unless t rises from 0 to 1 and every list has one number for each t.
Curve curve_of(const JsonField& json);

// The numbers of a table of curves: "barrier", "barrier_chord", the loss at the "midpoint", at the
// "end" and of the two "ends", and of each metric NAME and NAME_ends.
std::map<std::string, double> numbers_of(const Curve& curve);

// The two ends of the path, in the compute dtype.
struct Path {
  const Network* network;
  Tensors a, b;        // untouched
  Tensors start, end;  // theta(0), theta(1): A and B'
};

// B' by the alignment's table. Error if `released` without a permutation of the residual stream.
Path make_path(const Model& a, const Model& b, const Transform& transform,
               const Symmetries& symmetries, Decoder decoder, const Compute& compute);

// `points` >= 2 evenly spaced points.
Curve trace(const Path& path, const Examples& examples, std::int64_t points, const Compute& compute,
            const Progress& progress = {});

}  // namespace braid
