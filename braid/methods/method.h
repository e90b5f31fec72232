// Method: a way to find an alignment of two models. One file each, and a line in methods.cpp.
#pragma once

#include "braid/compute.h"
#include "braid/methods/evidence.h"
#include "braid/methods/learn_alignment.h"
#include "braid/methods/match_options.h"
#include "braid/methods/weights.h"
#include "braid/models/model.h"
#include "braid/progress.h"

namespace braid {

// Options of all methods; each reads its part.
struct MethodOptions {
  MatchOptions match;
  WeightOptions weights;
  LearnOptions learning;
};

struct Method {
  const char* name;
  const char* reference;  // publication
  const char* summary;    // one line, for help texts
  Needs needs;
  // Called by align(), which checks models and evidence first and calls fill_from_table after. The
  // result must not depend on the number of threads.
  Alignment (*find)(const Model& a, const Model& b, const Evidence& evidence,
                    const MethodOptions& options, const Compute& compute, const Progress& progress);
};

// In the order shown to users.
const std::vector<const Method*>& methods();

// Error naming the choices if there is no such method.
const Method& find_method(const std::string& name,
                          const std::vector<const Method*>& among = methods());

// Aligns by a method. Error if the models differ in architecture or groups, or evidence that the
// method needs is missing.
Alignment align(const Method& method, const Model& a, const Model& b, const Evidence& evidence,
                const MethodOptions& options, const Compute& compute,
                const Progress& progress = {});

}  // namespace braid
