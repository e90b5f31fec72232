#include "braid/pipeline/table_proof.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/parallel.h"
#include "braid/pipeline/transform.h"
#include "braid/tables/layer_names.h"

namespace braid {
namespace {

// Relative to the largest value; infinite if only one side is finite.
double relative_difference(const at::Tensor& x, const at::Tensor& y) {
  const at::Tensor a = x.to(at::kDouble), b = y.to(at::kDouble);
  if (a.numel() == 0) return 0;
  const double scale = a.abs().max().item<double>(), largest = (a - b).abs().max().item<double>();
  return scale > 0 ? largest / scale : largest;
}

void keep_worse(TensorDifference& worst, const std::string& name, double relative,
                double tolerance) {
  const bool worse =
      worst.tensor.empty() || relative / tolerance > worst.relative / worst.tolerance;
  if (worse) worst = {name, relative, tolerance};
}

// Tolerance of a few units of rounding, for values rounded once.
double rounding_of(at::ScalarType dtype) {
  switch (dtype) {
    case at::kDouble:
      return 1e-9;
    case at::kFloat:
      return 1e-6;
    case at::kHalf:
      return 2e-3;
    default:
      return 2e-2;
  }
}

double tolerance_of_outputs(at::ScalarType dtype) {
  return dtype == at::kDouble ? 1e-9 : dtype == at::kFloat ? 1e-5 : 1e-2;
}

Alignment found_by_weights(const Model& model, const Model& moved, const Compute& compute) {
  AlignRequest request;
  request.table = model.table->file;
  request.method = "weights";
  std::set<std::string> all;
  for (const auto& [name, axis] : model.symmetries.axes) all.insert(axis.component);
  if (moves_inside(model.symmetries, all)) request.in_head = InHead::general;
  return align(moved, model, resolve(request, model), compute);
}

Tensors with_carried(const Model& model, Tensors parameters) {
  for (const auto& [name, tensor] : model.carried) parameters[name] = tensor;
  return parameters;
}

}  // namespace

TensorDifference prove_moved(const Model& model, const Model& moved,
                             std::optional<Alignment>& found, const Compute& compute) {
  const OneThread pinned;
  require_same_architecture(model, moved);
  if (!found) found = found_by_weights(model, moved, compute);
  TensorDifference worst;
  for (const auto& [name, promised] : transform(model, *found)) {
    const at::Tensor tensor = make(name, promised);
    keep_worse(worst, name, relative_difference(tensor, moved.parameters.at(name)),
               rounding_of(moved.parameters.at(name).scalar_type()));
  }
  for (const auto& [name, tensor] : model.carried) {
    const auto other = moved.carried.find(name);
    const bool same = other != moved.carried.end() && same_values(tensor, other->second);
    if (!same) keep_worse(worst, name, std::numeric_limits<double>::infinity(), 1e-9);
  }
  return worst;
}

TensorDifference compare_outputs(const Tensors& x, const Tensors& y, const std::string& a,
                                 const std::string& b) {
  TensorDifference worst;
  require(!x.empty() && x.size() == y.size(), "{} has {} outputs, {} has {}: cannot compare", a,
          x.size(), b, y.size());
  for (const auto& [name, values] : x) {
    const auto other = y.find(name);
    require(other != y.end(), "{} has output {}, {} does not", a, printable(name), b);
    require(values.sizes() == other->second.sizes(), "{} is [{}] in {} and [{}] in {}",
            printable(name), fmt::join(values.sizes(), ", "), a,
            fmt::join(other->second.sizes(), ", "), b);
    for (const auto& [one, of] : {std::pair(&values, &a), {&other->second, &b}}) {
      require(at::isFloatingType(one->scalar_type()) && all_finite(*one),
              "{}: {} is not floating point, or not finite: cannot compare", *of, printable(name));
    }
    keep_worse(worst, name, relative_difference(values, other->second),
               std::max(tolerance_of_outputs(values.scalar_type()),
                        tolerance_of_outputs(other->second.scalar_type())));
  }
  return worst;
}

std::map<std::string, TensorDifference> prove_table(const Model& model, const Callable& callable,
                                                    std::uint64_t seed) {
  Random random(seed);
  const Tensors wide = cast(model.parameters, at::kDouble);
  const Transform all = random_transform(model.symmetries, random);
  std::map<std::string, Transform> elements;
  for (const auto& [name, element] : all) {
    const auto axis = model.symmetries.axes.find(name);
    std::string called = axis == model.symmetries.axes.end() ? "shifts" : name;
    for (const Axis& one : model.table->axes) {
      if (number_in(one.name, name)) called = one.name;
    }
    const bool returned = axis != model.symmetries.axes.end() && axis->second.returned;
    if (!returned) elements[called][name] = element;
  }
  std::vector<Tensors> models = {with_carried(model, wide)};
  for (const auto& [called, element] : elements) {
    models.push_back(with_carried(model, transform_parameters(model.symmetries, wide, element)));
  }
  const std::vector<Tensors> outputs = outputs_of(callable, models);
  std::map<std::string, TensorDifference> found;
  std::size_t k = 0;
  for (const auto& [called, element] : elements) {
    found[called] =
        compare_outputs(outputs.front(), outputs[++k], model.folder.string(), "its element");
  }
  return found;
}

}  // namespace braid
