// THE list of methods, and checks common to all.
#include "braid/error.h"
#include "braid/methods/method.h"
#include "braid/models/same_start.h"
#include "braid/parallel.h"

namespace braid {

// One line per method, each defined in its own file.
const Method& activations();
const Method& weights();
const Method& both();
const Method& learned();

const std::vector<const Method*>& methods() {
  static const std::vector<const Method*> all = {&activations(), &weights(), &both(), &learned()};
  return all;
}

const Method& find_method(const std::string& name, const std::vector<const Method*>& among) {
  std::vector<std::string> names;
  for (const Method* method : among) {
    if (method->name == name) return *method;
    names.emplace_back(method->name);
  }
  fail("method: '{}' is not one of {}", name, fmt::join(names, ", "));
}

namespace {

void require_same_groups(const Model& a, const Model& b) {
  for (const auto& [name, axis] : a.symmetries.axes) {
    const Group other = b.symmetries.axis(name).group;
    require(
        axis.group == other,
        "axis {} has group {} in {}, but {} in {}; bring both to canonical form (canonicalise) or "
        "neither",
        name, group_name(axis.group), a.folder.string(), group_name(other), b.folder.string());
  }
}

void require_evidence(const Method& method, const Symmetries& table, const MethodOptions& options,
                      const Evidence& evidence) {
  const Needs& needs = method.needs;
  const std::vector<std::string> taps =
      needs.moments ? taps_to_observe(table, options.match) : std::vector<std::string>();
  for (const std::string& tap : taps) {
    require(evidence.moments.contains(tap),
            "method {}: the moments lack tap {}, required by these options; observe with the same "
            "`components`, `residual`, `qk` and `in-head`",
            method.name, tap);
  }
  require(!needs.start || evidence.start, "method {}: needs an alignment to start from",
          method.name);
  require(!needs.losses || evidence.losses, "method {}: needs a text to compute losses on",
          method.name);
}

}  // namespace

Alignment align(const Method& method, const Model& a, const Model& b, const Evidence& evidence,
                const MethodOptions& options, const Compute& compute, const Progress& progress) {
  require_same_architecture(a, b);
  require_same_groups(a, b);
  notice_shared_start(a, b);
  const Symmetries table = table_of(a, options.match.ablation());
  require_evidence(method, table, options, evidence);
  const OneThread here;
  Alignment alignment = method.find(a, b, evidence, options, compute, progress);
  fill_from_table(table_of(b, alignment.ablation), alignment);
  return alignment;
}

}  // namespace braid
