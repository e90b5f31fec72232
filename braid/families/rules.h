// Rules of symmetry tables shared by families.
#pragma once

#include "braid/families/family.h"

namespace braid {

// <name>.weight (out, in) and, if `biased`, <name>.bias.
void add_linear(SymmetriesBuilder& table, const std::string& name, const std::string& out,
                const std::string& in, bool biased = true);

// A norm on axis x: <name>.weight and, if `biased`, <name>.bias. A unit gain leaves the axis free.
void add_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x,
              bool biased = true);
void add_unit_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x,
                   std::int64_t width);

// The units of a feed-forward layer. They may be scaled under ReLU; in gated layers, the linear
// half may change scale and sign.
Axis ffn_axis(std::int64_t units, const Activation& activation, bool gated = false);

// The axes read by heads, and their width.
struct HeadInputs {
  std::string pooled, stream;
  std::int64_t width = 0;
  bool dense_biased = true, norm_biased = true;  // of the head's features
};

// The heads of `parts` that are linear maps of their input, or of features on a separate axis named
// like their tap.
void add_linear_heads(SymmetriesBuilder& table, const nlohmann::json& config, const Family& family,
                      const Parts& parts, const HeadInputs& read);

// A language-model head: the weight of `decoder`, or the word embeddings if tied.
Head language_model(const std::string& decoder, const std::string& words);

}  // namespace braid
