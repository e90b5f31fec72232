// AlignPlan: an alignment request resolved for an architecture, before weights are read: form,
// units, method, taps and options are all decided. Loading, methods, provenance and cache keys
// depend on nothing else.
#pragma once

#include "braid/pipeline/align_request.h"

namespace braid {

// The properties of a model, other than its weights, that an alignment depends on.
struct Architecture {
  Symmetries stored, canonical;            // tables as stored and in canonical form
  bool folds = false;                      // can norms be folded, which frees the residual stream?
  std::shared_ptr<const Network> network;  // null for a table from a file
};
Architecture architecture_of(const Model& model);
Architecture architecture_of(const Family& family, const nlohmann::json& config,
                             const Parts& parts);

struct AlignPlan : AlignSource {
  bool canonicalise = false;    // both models are aligned in canonical form
  std::int64_t max_length = 0;  // tokens per line; 0 without a network
  const Method* method = nullptr;
  const Method* start = nullptr;  // method whose alignment `method` starts from, or null
  std::string start_file;         // alignment file to start from instead; may be empty
  MethodOptions options;
  std::vector<std::string> taps;  // to observe, in the table's order; empty without features
  bool by_default = false;        // no option of how units move was given
  nlohmann::json feature_options, result_options;  // by name, as request_of takes them

  bool observes() const { return method->needs.moments || (start && start->needs.moments); }
  bool learns() const { return method->needs.losses; }
  // A checkpoint, or a loaded model, in the form in which it is aligned.
  Model load(const std::filesystem::path& folder) const;
  Model in_form(const Model& stored) const;
};

// Throws if options contradict each other or the architecture.
AlignPlan resolve(const AlignRequest& request, const Architecture& architecture);
AlignPlan resolve(const AlignRequest& request, const Model& stored);

// The options that moments depend on, and those that the alignment depends on; for provenance and
// cache keys.
nlohmann::json features_json(const AlignPlan& plan, const Compute& compute);
nlohmann::json result_json(const AlignPlan& plan, const Compute& compute);

}  // namespace braid
