#include "braid/models/same_start.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "braid/notice.h"

namespace braid {
namespace {

// Matrices with units on both sides, whose order depends on the initialisation.
bool is_inner(const Pattern& pattern) {
  return pattern.size() == 2 &&
         std::all_of(pattern.begin(), pattern.end(), [](const Concatenation& dimension) {
           return dimension.front().back().role != Role::inert;
         });
}

}  // namespace

bool Likeness::is_shared_start() const {
  // The cosine of N independent pairs has standard deviation 1 / sqrt(N).
  return mean >
         std::max(0.05, 6 / std::sqrt(static_cast<double>(std::max<std::int64_t>(weights, 1))));
}

Likeness likeness(const Model& a, const Model& b) {
  const c10::InferenceMode inference;
  Likeness found;
  for (const auto& [name, pattern] : a.symmetries.tensors) {
    const at::Tensor x = a.parameters.at(name).to(at::kDouble).flatten(),
                     y = b.parameters.at(name).to(at::kDouble).flatten();
    const double sizes =
        std::sqrt(at::dot(x, x).item<double>()) * std::sqrt(at::dot(y, y).item<double>());
    if (sizes == 0) continue;
    const double cosine = at::dot(x, y).item<double>() / sizes;
    found.cosines[name] = cosine;
    if (!is_inner(pattern)) continue;
    found.mean += cosine;
    ++found.matrices;
    found.weights += x.numel();
  }
  if (found.matrices > 0) found.mean /= static_cast<double>(found.matrices);
  return found;
}

void notice_shared_start(const Model& a, const Model& b) {
  const Likeness found = likeness(a, b);
  if (!found.is_shared_start()) return;
  notice(
      "{} and {} seem to share an initialisation: their weights have mean cosine {:.2f}, otherwise "
      "it is 0. They may need no alignment; compare with `no-align` of merge",
      a.folder.string(), b.folder.string(), found.mean);
}

}  // namespace braid
