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

// By the readers that are there. A bare stack has none of its last norm, whose output it returns.
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

// Where `tensor` reads the residual stream.
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
  at::Tensor &gain = parameters.at(fold.norm + ".weight"),
             &shift = parameters.at(fold.norm + ".bias");
  bool emptied = true;
  for (const std::string& reader : fold.readers) {
    const std::string weight = reader + ".weight", bias = reader + ".bias";
    const auto dim = static_cast<std::int64_t>(reading_place(symmetries, weight).dimension);
    at::Tensor& map = parameters.at(weight);
    if (parameters.contains(bias)) {
      parameters.at(bias) = parameters.at(bias) + at::tensordot(map, shift, {dim}, {0});
    } else {
      emptied = false;
    }
    std::vector<std::int64_t> along(static_cast<std::size_t>(map.dim()), 1);
    along[static_cast<std::size_t>(dim)] = -1;
    map = map * gain.view(along);
  }
  const at::Tensor dead = gain.eq(0);
  require(emptied || !dead.logical_and(shift.ne(0)).any().item<bool>(),
          "{}: {}.weight has a gain of 0 under a bias, which cannot be folded into {}", source,
          fold.norm, fmt::join(fold.readers, ", "));
  shift = emptied ? at::zeros_like(shift) : at::where(dead, 0.0, shift / gain);
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

// Biases of attention, seen from the units inside heads: keys are the covectors among them, values
// those whose readers are not biases.
void move_attention_biases(const Symmetries& symmetries, bool key_bias_is_free,
                           Tensors& parameters) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.per.empty()) continue;
    const UsePlace *key = nullptr, *value = nullptr, *output = nullptr;
    const std::vector<UsePlace> places = uses_of(symmetries, name);
    for (const UsePlace& place : places) {
      const bool bias = symmetries.tensors.at(place.tensor).size() == 1;
      if (bias) {
        (place.role == Role::covector ? key : value) = &place;
      } else if (place.role == Role::covector) {
        output = &place;
      }
    }
    if (key) {
      if (!key_bias_is_free) continue;
      term_at(symmetries, *key, parameters.at(key->tensor)).zero_();
    } else if (value && output && parameters.contains(bias_of(output->tensor))) {
      // (blocks x units, 1) and (blocks x units, width)
      const auto rows = [&](const UsePlace& place) {
        return units_first(symmetries, place, parameters.at(place.tensor)).flatten(0, 1);
      };
      parameters.at(bias_of(output->tensor)) += at::mv(rows(*output).t(), rows(*value).squeeze(1));
      term_at(symmetries, *value, parameters.at(value->tensor)).zero_();
    }
  }
}

}  // namespace

Model canonical_form(const Model& model) {
  const c10::NoGradGuard no_grad;  // not inference: alignments of the result may be learnt
  // A gain goes into the decoder, which must then be a tensor of its own.
  const bool folds_decoder = model.family->folds && !model.parts.returns_stream;
  const Model start = folds_decoder ? untie(model) : model;
  Tensors parameters;
  for (const auto& [name, tensor] : start.parameters) {
    parameters[name] = tensor.to(at::kDouble).clone();
  }
  const std::vector<Fold> folds = folds_of(start);
  for (const Fold& fold : folds) {
    fold_norm(fold, start.symmetries, model.folder.string(), parameters);
  }
  // Folded gains are 1, which frees the stream.
  Model result = with_parameters(start, std::move(parameters));
  centre_writers(result.symmetries, folds, result.parameters);
  move_attention_biases(result.symmetries, model.family->key_bias_is_free, result.parameters);
  return result;
}

Model in_dtypes_of(const Model& like, Model model) {
  for (auto& [name, tensor] : model.parameters) {
    auto stored = like.parameters.find(name);
    if (stored == like.parameters.end()) {  // untied
      const auto tie =
          std::find_if(like.ties.begin(), like.ties.end(),
                       [&, alias = name](const Tie& tie) { return tie.alias == alias; });
      stored = like.parameters.find(tie->original);
    }
    tensor = tensor.to(stored->second.scalar_type()).contiguous();
  }
  return model;
}

}  // namespace braid
