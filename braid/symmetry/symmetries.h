// Symmetries: the axes of a model and how each tensor carries them. An architecture is this table;
// no algorithm after it knows a model family or a tensor's name.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

#include "braid/checkpoint/tensors.h"
#include "braid/symmetry/pattern.h"

namespace braid {

// What may act on the units of an axis. `centred_orthogonal`: orthogonal maps that fix the all-ones
// vector, which leave a LayerNorm without gain as it is. `rotary`: a complex number per rotary pair
// of query and key units; `rotary_signs`: a sign a pair, which is what is left of it where their
// norms have gains. Groups have no order (these hold no permutation): ask the predicates.
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

// Units change places and nothing else.
bool permutes_only(Group group);
// Units change places or signs: none is mixed with another.
bool reorders(Group group);
// Units become sums of units: not `reorders`.
bool mixes(Group group);
// Of units in rotary pairs: it commutes with what turns them.
bool keeps_pairs(Group group);
// Orthogonal maps, all or those that fix the all-ones vector.
bool is_orthogonal(Group group);

struct Axis {
  std::string name;
  std::int64_t size = 0;  // units
  Group group = Group::permutation;
  std::string component;  // what a user calls it: residual, attention, ffn, head, pooler
  std::string per;        // the axis that this one is repeated for (units inside a head), or empty
  bool returned = false;  // the model returns these units as they are: moved, they come otherwise
  // A positive factor on what writes a unit, and its inverse on what reads it, change nothing;
  // gains stay. A canonical form takes it out.
  bool scales = false;
  // Keys on it are read by more than queries, so that no bias of theirs is free.
  bool biased_keys = false;
};

// Where the forward pass hands out features, and which axes their units lie on. Where the tap's
// component is not its axis's (the head of a tied decoder, whose units are those of the residual
// stream x), what it shows may be measured, but cannot move the axis by itself.
struct Tap {
  std::string name;
  Product axes;
  std::string component;
};

// A freedom that adds to biases instead of acting on an axis, as exact as the groups are (shift.h).
struct Shift {
  enum class Kind { averaged, normed } kind = Kind::averaged;
  Product units;      // of its vector: the rows of `map`
  std::string map;    // a linear map, <map>.weight (rows, columns) and <map>.bias
  std::string other;  // averaged: the map that reads the averages; normed: the norm that is read
};

// As a builder takes one: the product in a pattern's words.
struct TapRule {
  std::string name, product, component;
};

struct Symmetries {
  std::string family;
  std::map<std::string, Axis> axes;
  std::map<std::string, Pattern> tensors;
  std::map<std::string, Shift> shifts;
  std::vector<Tap> taps;  // in dataflow order
  std::string broken;     // why these axes are NOT symmetries (an ablation); empty when exact

  const Axis& axis(const std::string& name) const;
  // How many independent elements the axis has: one for each block of all axes that it stands
  // under, or 1.
  std::int64_t blocks(const Axis& axis) const;
  // Units of every factor.
  std::vector<std::int64_t> sizes(const Product& product) const;
  // (units, ...) of a tensor by its pattern.
  std::vector<std::int64_t> shape(const Pattern& pattern) const;
  // The terms of dimension `dim`: views in which it is one dimension a factor.
  std::vector<at::Tensor> terms(const Concatenation& dimension, const at::Tensor& tensor,
                                std::int64_t dim) const;
  // Parameters of all tensors.
  std::int64_t parameters() const;
  const Tap& tap(const std::string& name) const;
};

// Builds a table from rules with `*` for the layer index. Inside such a rule an axis name means
// `layer.<i>.<name>` where such an axis exists, and the global axis otherwise.
// Throws std::invalid_argument where the table contradicts itself: an unknown or unused axis, one
// that is not inside the axis it is repeated for, a
// gain on a group beyond signed permutations, a tensor that is written and read on one beyond
// orthogonal maps.
class SymmetriesBuilder {
 public:
  SymmetriesBuilder(std::string family, std::int64_t layers);
  SymmetriesBuilder& axis(Axis axis);  // a name with `*` is repeated for every layer
  SymmetriesBuilder& tensor(const std::string& name, const std::string& pattern);
  // The tensor is read as well as written (tied embeddings): one matrix is then both T and T^-T.
  SymmetriesBuilder& also_read(const std::string& name);
  // The model returns what lies on this axis.
  SymmetriesBuilder& returned(const std::string& axis);
  SymmetriesBuilder& tap(const std::string& name, const std::string& product,
                         const std::string& component);
  // Taps of every layer, with `*` for its index: layer by layer.
  SymmetriesBuilder& layer_taps(const std::vector<TapRule>& rules);
  // Both maps and the norm have their tensors in the table. `name` begins with "shift.".
  SymmetriesBuilder& shift(const std::string& name, Shift::Kind kind, const std::string& map,
                           const std::string& other);
  // `broken`: why the table is not a symmetry, empty when it is.
  Symmetries build(std::string broken) &&;

 private:
  Pattern resolve(const std::string& pattern, const std::string& layer) const;
  void add_tap(const TapRule& rule, const std::string& layer);
  template <typename Visit>
  void for_each_layer(const std::string& name, Visit visit) const;

  std::int64_t layers_;
  Symmetries symmetries_;
};

// Every tensor is met by a rule, every rule by a tensor, and all shapes agree; otherwise an Error
// that names `source`, the tensors and both shapes.
void check_tensors(const Symmetries& symmetries, const Tensors& tensors, const std::string& source);

}  // namespace braid
