// AlignPlan: an alignment request resolved for an architecture, before weights are read. It leaves
// nothing open: form, units, method, taps, options. Loading, methods, provenance and the keys of
// caches take this alone.
#pragma once

#include "braid/pipeline/align_request.h"

namespace braid {

// What of a model an alignment depends on before its weights are read.
struct Architecture {
  Symmetries stored, canonical;  // its table, and the one of its canonical form
  bool folds = false;            // has it norms that can be folded, which frees its stream?
  std::shared_ptr<const Network> network;  // null where a table stands for it
};
Architecture architecture_of(const Model& model);
Architecture architecture_of(const Family& family, const nlohmann::json& config,
                             const Parts& parts);

struct AlignPlan : AlignSource {
  bool canonicalise = false;    // both models are aligned in canonical form
  std::int64_t max_length = 0;  // tokens of a line; 0 where no network reads any
  const Method* method = nullptr;
  const Method* start = nullptr;  // of a method that starts from another one's alignment: that
  std::string start_file;         // method, or null and the alignment's file
  MethodOptions options;
  std::vector<std::string> taps;  // observed, in the table's order; none without features
  bool by_default = false;        // nothing said how units move
  nlohmann::json feature_options, result_options;  // by name, as request_of takes them

  bool observes() const { return method->needs.moments || (start && start->needs.moments); }
  bool learns() const { return method->needs.losses; }
  // The checkpoint as it is aligned, and what is loaded already.
  Model load(const std::filesystem::path& folder) const;
  Model in_form(const Model& stored) const;
};

// Error where options do not go together, or not with the architecture.
AlignPlan resolve(const AlignRequest& request, const Architecture& architecture);
AlignPlan resolve(const AlignRequest& request, const Model& stored);

// What moments depend on, and what the alignment does: for provenance and keys.
nlohmann::json features_json(const AlignPlan& plan, const Compute& compute);
nlohmann::json result_json(const AlignPlan& plan, const Compute& compute);

}  // namespace braid
