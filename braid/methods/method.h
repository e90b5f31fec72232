// Method: a way to find an alignment of two models. One file each, and its line in methods.cpp.
#pragma once

#include "braid/compute.h"
#include "braid/methods/evidence.h"
#include "braid/methods/learn_alignment.h"
#include "braid/methods/match_options.h"
#include "braid/methods/weights.h"
#include "braid/models/model.h"
#include "braid/progress.h"

namespace braid {

// All that a user can ask of the methods; each reads its part.
struct MethodOptions {
  MatchOptions match;
  WeightOptions weights;
  LearnOptions learning;
};

struct Method {
  const char* name;
  const char* reference;  // where it is published
  const char* summary;    // a line for help texts
  Needs needs;
  // Called by align(), which has checked models and evidence and fills in what follows from the
  // table. The same result for any number of threads.
  Alignment (*find)(const Model& a, const Model& b, const Evidence& evidence,
                    const MethodOptions& options, const Compute& compute, const Progress& progress);
};

// In the order in which users see them.
const std::vector<const Method*>& methods();

// Error naming the choices.
const Method& find_method(const std::string& name,
                          const std::vector<const Method*>& among = methods());

// An alignment by a method. Error where the models have not one architecture with the same groups,
// or the evidence is not what the method needs.
Alignment align(const Method& method, const Model& a, const Model& b, const Evidence& evidence,
                const MethodOptions& options, const Compute& compute,
                const Progress& progress = {});

}  // namespace braid
