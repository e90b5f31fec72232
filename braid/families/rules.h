// Rules of symmetry tables that families share.
#pragma once

#include "braid/families/family.h"

namespace braid {

// <name>.weight (out, in) and, unless it has none, <name>.bias.
void add_linear(SymmetriesBuilder& table, const std::string& name, const std::string& out,
                const std::string& in, bool biased = true);

// A norm on axis x: <name>.weight and, unless it has none, <name>.bias. A gain that is 1 holds
// nothing.
void add_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x,
              bool biased = true);
void add_unit_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x,
                   std::int64_t width);

// The units of a feed-forward layer. Activated ones may be scaled under ReLU; the linear half of
// gated ones may change size and sign.
Axis ffn_axis(std::int64_t units, const Activation& activation, bool gated = false);

// The axes that heads read, and how wide these are.
struct HeadInputs {
  std::string pooled, stream;
  std::int64_t width = 0;
  bool dense_biased = true, norm_biased = true;  // what makes their features
};

// The heads of `parts` that are a linear map, of what they read or of features on an axis of their
// own, which is called as their tap is.
void add_linear_heads(SymmetriesBuilder& table, const nlohmann::json& config, const Family& family,
                      const Parts& parts, const HeadInputs& read);

// A decoder's: the weight of `decoder`, or of the words where it is tied to them.
Head language_model(const std::string& decoder, const std::string& words);

}  // namespace braid
