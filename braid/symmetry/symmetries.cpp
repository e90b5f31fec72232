#include "braid/symmetry/symmetries.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

std::string with_layer(std::string name, const std::string& layer) {
  const std::size_t star = name.find('*');
  return star == std::string::npos ? name : name.replace(star, 1, layer);
}

}  // namespace

const char* group_name(Group group) {
  switch (group) {
    case Group::permutation:
      return "permutation";
    case Group::signed_permutation:
      return "signed permutation";
    case Group::centred_orthogonal:
      return "centred orthogonal";
    case Group::orthogonal:
      return "orthogonal";
    case Group::general:
      return "general linear";
    case Group::rotary:
      return "complex per rotary pair";
    case Group::rotary_signs:
      return "a sign per rotary pair";
  }
  return "";
}

bool permutes_only(Group group) { return group == Group::permutation; }

bool reorders(Group group) {
  return permutes_only(group) || group == Group::signed_permutation || group == Group::rotary_signs;
}

bool mixes(Group group) { return !reorders(group); }

bool keeps_pairs(Group group) { return group == Group::rotary || group == Group::rotary_signs; }

bool is_orthogonal(Group group) {
  return group == Group::centred_orthogonal || group == Group::orthogonal;
}

const Axis& Symmetries::axis(const std::string& name) const {
  const auto found = axes.find(name);
  if (found == axes.end()) throw std::invalid_argument(family + ": unknown axis '" + name + "'");
  return found->second;
}

std::int64_t Symmetries::blocks(const Axis& of) const {
  if (of.per.empty()) return 1;
  const Axis& parent = axis(of.per);
  return blocks(parent) * parent.size;
}

std::vector<std::int64_t> Symmetries::sizes(const Product& product) const {
  std::vector<std::int64_t> result;
  for (const AxisUse& use : product) {
    result.push_back(use.role == Role::inert ? use.size : axis(use.axis).size);
  }
  return result;
}

std::vector<std::int64_t> Symmetries::shape(const Pattern& pattern) const {
  std::vector<std::int64_t> result;
  for (const Concatenation& dimension : pattern) {
    std::int64_t size = 0;
    for (const Product& product : dimension) size += c10::multiply_integers(sizes(product));
    result.push_back(size);
  }
  return result;
}

std::vector<at::Tensor> Symmetries::terms(const Concatenation& dimension, const at::Tensor& tensor,
                                          std::int64_t dim) const {
  const auto shared = static_cast<std::ptrdiff_t>(dimension.shared);
  std::vector<std::int64_t> outer = sizes(dimension.front());
  outer.resize(dimension.shared);
  outer.push_back(-1);
  const at::Tensor open = tensor.unflatten(dim, outer);
  std::vector<at::Tensor> result;
  std::int64_t offset = 0;
  for (const Product& product : dimension) {
    const std::vector<std::int64_t> all = sizes(product);
    const at::IntArrayRef own = at::IntArrayRef(all).slice(dimension.shared);
    const std::int64_t width = c10::multiply_integers(own);
    result.push_back(open.narrow(dim + shared, offset, width).unflatten(dim + shared, own));
    offset += width;
  }
  return result;
}

std::int64_t Symmetries::parameters() const {
  std::int64_t total = 0;
  for (const auto& [name, pattern] : tensors) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape(pattern)) count *= size;
    total += count;
  }
  return total;
}

const Tap& Symmetries::tap(const std::string& name) const {
  const auto found = std::find_if(taps.begin(), taps.end(),
                                  [&](const Tap& candidate) { return candidate.name == name; });
  if (found == taps.end()) throw std::invalid_argument(family + ": unknown tap '" + name + "'");
  return *found;
}

SymmetriesBuilder::SymmetriesBuilder(std::string family, std::int64_t layers) : layers_(layers) {
  symmetries_.family = std::move(family);
}

template <typename Visit>
void SymmetriesBuilder::for_each_layer(const std::string& name, Visit visit) const {
  if (name.find('*') == std::string::npos) return visit(std::string());
  for (std::int64_t i = 0; i < layers_; ++i) visit(std::to_string(i));
}

Pattern SymmetriesBuilder::resolve(const std::string& text, const std::string& layer) const {
  Pattern pattern = parse_pattern(text);
  for (Concatenation& dimension : pattern) {
    for (Product& product : dimension) {
      std::set<std::string> outer;
      for (AxisUse& use : product) {
        if (use.role == Role::inert) continue;
        const std::string local = "layer." + layer + "." + use.axis;
        if (!layer.empty() && symmetries_.axes.contains(local)) use.axis = local;
        const Axis& axis = symmetries_.axis(use.axis);
        if (use.role == Role::gain && mixes(axis.group)) {
          throw std::invalid_argument("a gain limits axis '" + axis.name +
                                      "' to signed permutations; fold it first");
        }
        if (!axis.per.empty() && !outer.contains(axis.per)) {
          throw std::invalid_argument("axis '" + axis.name + "' is per '" + axis.per +
                                      "', which is not outside it in " + text);
        }
        outer.insert(axis.name);
      }
    }
  }
  return pattern;
}

SymmetriesBuilder& SymmetriesBuilder::axis(Axis axis) {
  if (keeps_pairs(axis.group) && axis.size % 2 != 0) {
    throw std::invalid_argument("axis '" + axis.name + "' has an odd number of rotary units");
  }
  for_each_layer(axis.name, [&](const std::string& layer) {
    Axis expanded = axis;
    expanded.name = with_layer(axis.name, layer);
    expanded.per = with_layer(axis.per, layer);
    if (!symmetries_.axes.emplace(expanded.name, expanded).second) {
      throw std::invalid_argument("duplicate axis: " + expanded.name);
    }
  });
  return *this;
}

SymmetriesBuilder& SymmetriesBuilder::tensor(const std::string& name, const std::string& pattern) {
  for_each_layer(name, [&](const std::string& layer) {
    symmetries_.tensors[with_layer(name, layer)] = resolve(pattern, layer);
  });
  return *this;
}

SymmetriesBuilder& SymmetriesBuilder::also_read(const std::string& name) {
  for (const Concatenation& dimension : symmetries_.tensors.at(name)) {
    for (const Product& product : dimension) {
      for (const AxisUse& use : product) {
        if (use.role == Role::inert) continue;
        const Group group = symmetries_.axis(use.axis).group;
        if (reorders(group) || is_orthogonal(group)) continue;
        throw std::invalid_argument(name + " is written and read, which limits axis '" + use.axis +
                                    "' to orthogonal maps; untie it first");
      }
    }
  }
  return *this;
}

SymmetriesBuilder& SymmetriesBuilder::returned(const std::string& axis) {
  symmetries_.axes.at(axis).returned = true;
  return *this;
}

SymmetriesBuilder& SymmetriesBuilder::tap(const std::string& name, const std::string& product,
                                          const std::string& component) {
  for_each_layer(name, [&](const std::string& layer) {
    add_tap({name, product, component}, layer);
  });
  return *this;
}

SymmetriesBuilder& SymmetriesBuilder::layer_taps(const std::vector<TapRule>& rules) {
  for (std::int64_t i = 0; i < layers_; ++i) {
    for (const TapRule& rule : rules) add_tap(rule, std::to_string(i));
  }
  return *this;
}

void SymmetriesBuilder::add_tap(const TapRule& rule, const std::string& layer) {
  const Pattern pattern = resolve("(" + rule.product + ")", layer);
  symmetries_.taps.push_back(
      {with_layer(rule.name, layer), pattern.front().front(), rule.component});
}

SymmetriesBuilder& SymmetriesBuilder::shift(const std::string& name, Shift::Kind kind,
                                            const std::string& map, const std::string& other) {
  for (const std::string& tensor :
       {map + ".weight", map + ".bias", other + ".weight", other + ".bias"}) {
    if (!symmetries_.tensors.contains(tensor)) {
      throw std::invalid_argument(name + " moves " + tensor + ", which is not in the table");
    }
  }
  const Product& units = symmetries_.tensors.at(map + ".bias").front().front();
  symmetries_.shifts[name] = {kind, units, map, other};
  return *this;
}

Symmetries SymmetriesBuilder::build(std::string broken) && {
  std::set<std::string> used;
  for (const auto& [name, pattern] : symmetries_.tensors) {
    for (const Concatenation& dimension : pattern) {
      for (const Product& product : dimension) {
        for (const AxisUse& use : product) used.insert(use.axis);
      }
    }
  }
  for (const auto& [name, axis] : symmetries_.axes) {
    if (!used.contains(name)) throw std::invalid_argument("no tensor carries axis '" + name + "'");
  }
  symmetries_.broken = std::move(broken);
  return std::move(symmetries_);
}

void check_tensors(const Symmetries& symmetries, const Tensors& tensors,
                   const std::string& source) {
  std::vector<std::string> missing, leftover;
  for (const auto& [name, pattern] : symmetries.tensors) {
    if (!tensors.contains(name)) missing.push_back(name);
  }
  for (const auto& [name, tensor] : tensors) {
    if (!symmetries.tensors.contains(name)) leftover.push_back(name);
  }
  const std::string unknown =
      leftover.empty() ? ""
                       : fmt::format("{} unknown tensor(s) in this {} model: {}", leftover.size(),
                                     symmetries.family, join_names(leftover));
  require(missing.empty(), "{}: {} tensor(s) of a {} model are missing: {}{}{}", source,
          missing.size(), symmetries.family, join_names(missing), unknown.empty() ? "" : "; ",
          unknown);
  require(unknown.empty(), "{}: {}", source, unknown);
  for (const auto& [name, pattern] : symmetries.tensors) {
    const auto expected = symmetries.shape(pattern);
    const auto found = tensors.at(name).sizes();
    require(found.equals(expected), "{}: {} has shape [{}], but config.json implies [{}]", source,
            name, fmt::join(found, ", "), fmt::join(expected, ", "));
  }
}

}  // namespace braid
