#include "braid/merging/simplex.h"

#include <algorithm>

#include "braid/connectivity/interpolate.h"

namespace braid {

double SimplexPath::barrier() const {
  return *std::max_element(loss.begin(), loss.end()) - (loss.front() + loss.back()) / 2;
}

std::vector<SimplexPath> trace_simplex(const std::vector<Tensors>& models,
                                       const std::function<double(const Tensors&)>& loss,
                                       std::int64_t points, const Progress& progress) {
  const std::size_t count = models.size();
  std::vector<Tensors> corners = models;
  const std::vector<double> even(count, 1 / static_cast<double>(count));
  corners.push_back(average(models, even));
  std::vector<double> at_corner;
  for (const Tensors& corner : corners) at_corner.push_back(loss(corner));
  std::vector<SimplexPath> paths;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j <= count; ++j) {
      SimplexPath path{i, j, {at_corner[i]}};
      for (std::int64_t p = 1; p + 1 < points; ++p) {
        const double t = static_cast<double>(p) / static_cast<double>(points - 1);
        path.loss.push_back(loss(interpolate(corners[i], corners[j], t)));
      }
      path.loss.push_back(at_corner[j]);
      paths.push_back(std::move(path));
      if (progress) {
        progress("simplex", static_cast<std::int64_t>(paths.size()),
                 static_cast<std::int64_t>(count * (count + 1) / 2));
      }
    }
  }
  return paths;
}

}  // namespace braid
