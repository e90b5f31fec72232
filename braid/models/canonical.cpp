#include "braid/models/canonical.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "braid/error.h"
#include "braid/symmetry/axis_uses.h"

namespace braid {
namespace {

std::string bias_of(const std::string& weight) {
  constexpr std::string_view suffix = ".weight";
  return weight.substr(0, weight.size() - suffix.size()) + ".bias";
}

// Folds with the readers present. A bare stack's last norm has none: its output is returned.
std::vector<Fold> folds_of(const Model& model) {
  std::vector<Fold> folds =
      model.family->folds ? model.family->folds(model.config) : std::vector<Fold>();
  for (Fold& fold : folds) {
    std::erase_if(fold.readers, [&](const std::string& reader) {
      const std::string weight = reader + ".weight";
      return !model.parameters.contains(weight) ||
             (model.parts.returns_stream && part_of(*model.family, model.parts, weight));
    });
  }
  std::erase_if(folds, [](const Fold& fold) { return fold.readers.empty(); });
  return folds;
}

// True if a gain is folded into a tied decoder, which must then be untied.
bool folds_tied(const Family& family, const nlohmann::json& config, const Parts& parts) {
  if (!family.folds || family.ties_by_file || parts.returns_stream) return false;
  const std::vector<Fold> folds = family.folds(config);
  const std::vector<Tie> ties = family.ties(config);
  return std::any_of(ties.begin(), ties.end(), [&](const Tie& tie) {
    return std::any_of(folds.begin(), folds.end(), [&](const Fold& fold) {
      return std::any_of(fold.readers.begin(), fold.readers.end(), [&](const std::string& reader) {
        return tie.alias == reader + ".weight";
      });
    });
  });
}

// The place where `tensor` reads the residual stream.
UsePlace reading_place(const Symmetries& symmetries, const std::string& tensor) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.component != "residual") continue;
    for (const UsePlace& place : uses_of(symmetries, name)) {
      if (place.tensor == tensor && place.role == Role::covector) return place;
    }
  }
  throw std::logic_error(tensor + " does not read the residual stream");
}

void fold_norm(const Fold& fold, const Symmetries& symmetries, const std::string& source,
               Tensors& parameters) {
  at::Tensor& gain = parameters.at(fold.norm + ".weight");
  const auto shift = parameters.find(fold.norm + ".bias");
  const bool shifts = shift != parameters.end();
  // The bias is folded into all readers if each has a bias, otherwise into none.
  const bool emptied =
      shifts && std::all_of(fold.readers.begin(), fold.readers.end(), [&](const auto& reader) {
        return parameters.contains(reader + ".bias");
      });
  for (const std::string& reader : fold.readers) {
    const std::string weight = reader + ".weight", bias = reader + ".bias";
    const auto dim = static_cast<std::int64_t>(reading_place(symmetries, weight).dimension);
    at::Tensor& map = parameters.at(weight);
    if (emptied) {
      parameters.at(bias) = parameters.at(bias) + at::tensordot(map, shift->second, {dim}, {0});
    }
    std::vector<std::int64_t> along(static_cast<std::size_t>(map.dim()), 1);
    along[static_cast<std::size_t>(dim)] = -1;
    map = map * gain.view(along);
  }
  if (shifts) {
    at::Tensor& left = shift->second;
    const at::Tensor dead = gain.eq(0);
    require(emptied || !dead.logical_and(left.ne(0)).any().item<bool>(),
            "{}: {}.weight has a gain of 0 with a non-zero bias, which cannot be folded into {}",
            source, fold.norm, fmt::join(fold.readers, ", "));
    left = emptied ? at::zeros_like(left) : at::where(dead, 0.0, left / gain);
  }
  gain = at::ones_like(gain);
}

void centre_writers(const Symmetries& symmetries, const std::vector<Fold>& folds,
                    Tensors& parameters) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.group != Group::centred_orthogonal) continue;
    for (const UsePlace& place : uses_of(symmetries, name)) {
      const bool norm = std::any_of(folds.begin(), folds.end(), [&](const Fold& fold) {
        return place.tensor.starts_with(fold.norm + ".");
      });
      if (place.role != Role::vector || norm) continue;
      at::Tensor& tensor = parameters.at(place.tensor);
      tensor = tensor - tensor.mean(static_cast<std::int64_t>(place.dimension), true);
    }
  }
}

// Scales units with free scale so that their writing and reading weights have equal norm; units
// with zero writing or reading weights stay.
void balance_scales(const Symmetries& symmetries, Tensors& parameters) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (!axis.scales) continue;
    const std::vector<UsePlace> places = uses_of(symmetries, name);
    const auto squares = [&, &axis = axis](Role role) {
      at::Tensor sum = at::zeros({axis.size}, at::kDouble);
      for (const UsePlace& place : places) {
        if (place.role != role) continue;
        sum += units_first(symmetries, place, parameters.at(place.tensor)).square().sum(1);
      }
      return sum;
    };
    const at::Tensor written = squares(Role::vector), read = squares(Role::covector);
    const at::Tensor factor =
        at::where(written.gt(0).logical_and(read.gt(0)), (read / written).pow(0.25), 1.0);
    for (const UsePlace& place : places) {
      if (place.role == Role::gain) continue;
      at::Tensor term = term_at(symmetries, place, parameters.at(place.tensor));
      std::vector<std::int64_t> along(static_cast<std::size_t>(term.dim()), 1);
      along[place.dimension + place.factor] = -1;
      const at::Tensor by = factor.view(along);
      place.role == Role::vector ? term.mul_(by) : term.div_(by);
    }
  }
}

// The output map applied to the value bias: (width).
at::Tensor read_bias(const Symmetries& symmetries, const UsePlace& value, const UsePlace& output,
                     const Tensors& parameters) {
  const Product &from = product_at(symmetries, value), &to = product_at(symmetries, output);
  const at::Tensor weight = term_at(symmetries, output, parameters.at(output.tensor));
  const auto dim = static_cast<std::int64_t>(output.dimension);
  // Like the weight, the bias has one dimension per factor, but not the queries sharing a value.
  std::vector<std::int64_t> shape(static_cast<std::size_t>(weight.dim()), 1), summed;
  for (std::size_t factor = 0; factor < to.size(); ++factor) {
    summed.push_back(dim + static_cast<std::int64_t>(factor));
    const bool own = std::any_of(from.begin(), from.end(),
                                 [&](const AxisUse& use) { return use.axis == to[factor].axis; });
    if (own) shape[output.dimension + factor] = weight.size(summed.back());
  }
  const at::Tensor bias = term_at(symmetries, value, parameters.at(value.tensor));
  return (weight * bias.reshape(shape)).sum(summed);
}

// Biases on axes inside heads: covectors are keys; a value bias is on an axis that a matrix reads.
// A key bias adds the same number to all scores of a query, unless positions are rotary or
// something else reads keys.
void move_attention_biases(const Symmetries& symmetries, Tensors& parameters) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.per.empty()) continue;
    const UsePlace *key = nullptr, *value = nullptr, *output = nullptr;
    const std::vector<UsePlace> places = uses_of(symmetries, name);
    for (const UsePlace& place : places) {
      if (place.role == Role::gain) continue;
      const bool bias = symmetries.tensors.at(place.tensor).size() == 1;
      if (bias) {
        (place.role == Role::covector ? key : value) = &place;
      } else if (place.role == Role::covector) {
        output = &place;
      }
    }
    if (key) {
      if (keeps_pairs(axis.group) || axis.biased_keys) continue;
      term_at(symmetries, *key, parameters.at(key->tensor)).zero_();
    } else if (value && output && parameters.contains(bias_of(output->tensor))) {
      parameters.at(bias_of(output->tensor)) += read_bias(symmetries, *value, *output, parameters);
      term_at(symmetries, *value, parameters.at(value->tensor)).zero_();
    }
  }
}

}  // namespace

Symmetries canonical_table(const Family& family, nlohmann::json config, Parts parts) {
  if (folds_tied(family, config, parts)) config["tie_word_embeddings"] = false;
  parts.unit_gains = family.folds != nullptr;
  return family.describe(config, parts);
}

Model canonical_form(const Model& model) {
  const c10::NoGradGuard no_grad;  // not inference: alignments of the result may be learnt
  const bool unties = model.family && folds_tied(*model.family, model.config, model.parts);
  const Model start = unties ? untie(model) : model;
  Tensors parameters;
  for (const auto& [name, tensor] : start.parameters) {
    parameters[name] = tensor.to(at::kDouble).clone();
  }
  const std::vector<Fold> folds = folds_of(start);
  for (const Fold& fold : folds) {
    fold_norm(fold, start.symmetries, model.folder.string(), parameters);
  }
  // Recomputes the table: unit gains free the stream.
  Model result = with_parameters(start, std::move(parameters));
  centre_writers(result.symmetries, folds, result.parameters);
  move_attention_biases(result.symmetries, result.parameters);
  balance_scales(result.symmetries, result.parameters);
  return result;
}

Model in_dtypes_of(const Model& like, Model model) {
  for (auto& [name, tensor] : model.parameters) {
    auto stored = like.parameters.find(name);
    if (stored == like.parameters.end()) {  // untied
      const auto tie =
          std::find_if(like.ties.begin(), like.ties.end(),
                       [&, alias = name](const Tie& tie) { return tie.alias == alias; });
      if (tie != like.ties.end()) stored = like.parameters.find(tie->original);
    }
    if (stored == like.parameters.end()) {
      throw std::logic_error(name + " of the canonical form is neither stored nor tied");
    }
    tensor = tensor.to(stored->second.scalar_type()).contiguous();
  }
  return model;
}

}  // namespace braid
