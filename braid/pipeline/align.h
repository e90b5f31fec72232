// align: from two models and a plan to an alignment, with the provenance to reproduce it.
#pragma once

#include "braid/pipeline/align_plan.h"
#include "braid/pipeline/listener.h"

namespace braid {

// Moments of two models over a text, and the text's provenance.
struct Observed {
  MomentsByTap moments;
  nlohmann::json text;  // path, fingerprint, lines, tokens; a list if moments were added up
};

// Taps to observe; `at_size` gets the moments after each of `sizes` sequences.
struct Observing {
  std::vector<std::string> taps;
  std::vector<std::int64_t> sizes;
  MomentsAtSize at_size;
};
// Observes the plan's text or batches, tokenised by A's tokenizer.
Observed observe_text(const Ensemble& a, const Model& b, const AlignPlan& plan,
                      const Observing& observing, const Compute& compute,
                      const Listener& listener = {});

// Aligns B to A, or to the mean of several models in one frame. REQUIRES all in the plan's form.
// Reads the plan's text or moments if the method needs them, and saves moments if the plan says so.
Alignment align(const Ensemble& a, const Model& b, const AlignPlan& plan, const Compute& compute,
                const Listener& listener = {});
Alignment align(const Model& a, const Model& b, const AlignPlan& plan, const Compute& compute,
                const Listener& listener = {});

// The same from moments observed before.
Alignment align_observed(const Model& a, const Model& b, const AlignPlan& plan, Observed observed,
                         const Compute& compute, const Listener& listener = {});

// Throws unless the alignment was made for these checkpoints. `source`: the file, for messages.
void require_made_for(const Alignment& alignment, const Model& b, const std::string& source);
void require_made_for(const Alignment& alignment, const Model& a, const Model& b,
                      const std::string& source);

// Up to `limit` token sequences of a text file, one per line, or of a task's file.
std::vector<TokenSequence> read_sequences(const Model& model, const std::string& file,
                                          const Task* task, std::int64_t limit);

// Axes, units, mean correlations, seconds, as a table.
std::string alignment_table(const Alignment& alignment);

}  // namespace braid
