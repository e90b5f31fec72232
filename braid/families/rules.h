// Rules of symmetry tables that families share.
#pragma once

#include "braid/families/family.h"

namespace braid {

// <name>.weight (out, in) and <name>.bias.
void add_linear(SymmetriesBuilder& table, const std::string& name, const std::string& out,
                const std::string& in);

// A norm on axis x: <name>.weight and <name>.bias. A gain that is 1 holds nothing.
void add_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x);
void add_unit_norm(SymmetriesBuilder& table, const std::string& name, const std::string& x,
                   std::int64_t width);

// The heads of `parts` that are one linear map, over the pooler's axis or the stream's.
void add_linear_heads(SymmetriesBuilder& table, const nlohmann::json& config, const Family& family,
                      const Parts& parts, const std::string& pooled, const std::string& stream);

}  // namespace braid
