// Symmetries: a model's axes, and the pattern of each tensor. This table is an architecture: later
// algorithms know no model families or tensor names.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

#include "braid/checkpoint/tensors.h"
#include "braid/symmetry/pattern.h"

namespace braid {

// Groups acting on the units of an axis. `centred_orthogonal`: orthogonal maps that fix the
// all-ones vector, which commute with a LayerNorm without gain. `rotary`: a complex number per
// rotary pair of query and key units; `rotary_signs`: one sign per pair, all that remains if
// queries and keys have norms with gains. Groups are not ordered by inclusion (the rotary ones
// contain no permutations): use the predicates.
enum class Group {
  permutation,
  signed_permutation,
  centred_orthogonal,
  orthogonal,
  general,
  rotary,
  rotary_signs
};
const char* group_name(Group group);

// Permutations only.
bool permutes_only(Group group);
// Permutations or signs: units are not mixed.
bool reorders(Group group);
// Not `reorders`: units become linear combinations.
bool mixes(Group group);
// Acts on rotary pairs, commuting with rotary position embeddings.
bool keeps_pairs(Group group);
// Orthogonal maps, all or those that fix the all-ones vector.
bool is_orthogonal(Group group);

struct Axis {
  std::string name;
  std::int64_t size = 0;  // units
  Group group = Group::permutation;
  std::string component;  // user-visible name: residual, attention, ffn, head, pooler
  std::string per;        // the parent axis that it is repeated for (units inside a head), or empty
  bool returned = false;  // the model outputs these units, so moving them changes its outputs
  // Scaling a unit's writers by a positive factor and its readers by the inverse changes nothing;
  // gains stay. A canonical form removes this freedom.
  bool scales = false;
  // Keys are read by more than queries, so their bias is not free.
  bool biased_keys = false;
};

// A point where the forward pass reports features, and the axes of their units. If the tap's
// component is not its axis's (the head of a tied decoder, whose units are those of the residual
// stream x), features may be measured, but cannot move the axis by themselves.
struct Tap {
  std::string name;
  Product axes;
  std::string component;
};

// An additive symmetry of biases, as exact as the groups (shift.h).
struct Shift {
  enum class Kind { averaged, normed } kind = Kind::averaged;
  Product units;      // of its vector: the rows of `map`
  std::string map;    // a linear map, <map>.weight (rows, columns) and <map>.bias
  std::string other;  // averaged: the map that reads the averages; normed: the norm that is read
};

// A tap for the builder, with its product in pattern notation.
struct TapRule {
  std::string name, product, component;
};

struct Symmetries {
  std::string family;
  std::map<std::string, Axis> axes;
  std::map<std::string, Pattern> tensors;
  std::map<std::string, Shift> shifts;
  std::vector<Tap> taps;  // in dataflow order
  std::string broken;     // why these axes are NOT symmetries (an ablation); empty if exact

  const Axis& axis(const std::string& name) const;
  // Number of independent elements of the axis: one per block of its ancestors, or 1.
  std::int64_t blocks(const Axis& axis) const;
  // Sizes of the factors.
  std::vector<std::int64_t> sizes(const Product& product) const;
  // Shape of a tensor by its pattern.
  std::vector<std::int64_t> shape(const Pattern& pattern) const;
  // The terms of dimension `dim`: views with one dimension per factor.
  std::vector<at::Tensor> terms(const Concatenation& dimension, const at::Tensor& tensor,
                                std::int64_t dim) const;
  // Number of parameters of all tensors.
  std::int64_t parameters() const;
  const Tap& tap(const std::string& name) const;
};

// Builds a table from rules with `*` for the layer index. In such a rule an axis name means
// `layer.<i>.<name>` if that axis exists, otherwise the global axis.
// std::invalid_argument if the table is inconsistent: an unknown or unused axis, an axis not inside
// its parent, a gain on a group larger than signed permutations, a tied tensor on a group larger
// than orthogonal maps.
class SymmetriesBuilder {
 public:
  SymmetriesBuilder(std::string family, std::int64_t layers);
  SymmetriesBuilder& axis(Axis axis);  // a name with `*` is repeated for every layer
  SymmetriesBuilder& tensor(const std::string& name, const std::string& pattern);
  // The tensor is both written and read (tied embeddings), so T must equal T^-T.
  SymmetriesBuilder& also_read(const std::string& name);
  // The model outputs the units of this axis.
  SymmetriesBuilder& returned(const std::string& axis);
  SymmetriesBuilder& tap(const std::string& name, const std::string& product,
                         const std::string& component);
  // Taps of every layer, with `*` for its index, in layer order.
  SymmetriesBuilder& layer_taps(const std::vector<TapRule>& rules);
  // REQUIRES tensors of `map` and `other` in the table, and a `name` starting with "shift.".
  SymmetriesBuilder& shift(const std::string& name, Shift::Kind kind, const std::string& map,
                           const std::string& other);
  // `broken`: why the table is not a symmetry; empty if it is.
  Symmetries build(std::string broken) &&;

 private:
  Pattern resolve(const std::string& pattern, const std::string& layer) const;
  void add_tap(const TapRule& rule, const std::string& layer);
  template <typename Visit>
  void for_each_layer(const std::string& name, Visit visit) const;

  std::int64_t layers_;
  Symmetries symmetries_;
};

// Error naming `source`, tensors and shapes unless tensors and rules correspond one to one and all
// shapes agree.
void check_tensors(const Symmetries& symmetries, const Tensors& tensors, const std::string& source);

}  // namespace braid
