// align: from two models and a plan to an alignment whose provenance is enough to make it again.
#pragma once

#include "braid/pipeline/align_plan.h"
#include "braid/pipeline/listener.h"

namespace braid {

// What a text showed of two models, and where it came from.
struct Observed {
  MomentsByTap moments;
  nlohmann::json text;  // path, fingerprint, lines, tokens; a list of them for moments of several
};

// What is read of a text: these taps, with the moments after so many sequences on the way.
struct Observing {
  std::vector<std::string> taps;
  std::vector<std::int64_t> sizes;
  MomentsAtSize at_size;
};
// Of the plan's text or batches, by A's tokenizer.
Observed observe_text(const Ensemble& a, const Model& b, const AlignPlan& plan,
                      const Observing& observing, const Compute& compute,
                      const Listener& listener = {});

// B towards A, or towards several models in one frame: to their mean. All are in the plan's form.
// Reads the plan's text or moments where the method needs any; saves moments where it says so.
Alignment align(const Ensemble& a, const Model& b, const AlignPlan& plan, const Compute& compute,
                const Listener& listener = {});
Alignment align(const Model& a, const Model& b, const AlignPlan& plan, const Compute& compute,
                const Listener& listener = {});

// The same from what was observed elsewhere.
Alignment align_observed(const Model& a, const Model& b, const AlignPlan& plan, Observed observed,
                         const Compute& compute, const Listener& listener = {});

// Error unless the alignment belongs to these checkpoints. `source`: the file, for messages.
void require_made_for(const Alignment& alignment, const Model& b, const std::string& source);
void require_made_for(const Alignment& alignment, const Model& a, const Model& b,
                      const std::string& source);

// Up to `limit` token sequences of a text file, one a line, or of a task's file.
std::vector<TokenSequence> read_sequences(const Model& model, const std::string& file,
                                          const Task* task, std::int64_t limit);

// Axes, units, mean correlations, seconds, as a table.
std::string alignment_table(const Alignment& alignment);

}  // namespace braid
