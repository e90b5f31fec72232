// What commands do with two models and an alignment.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/alignment/observe.h"
#include "braid/connectivity/proved_models.h"
#include "cli/options.h"

namespace braid {

// Observes text or adds up saved moments, and solves. Says on stderr what is long. Towards several
// models in one frame, b moves to their mean.
Alignment align_models(const Ensemble& a, const Model& b, const AlignOptions& options,
                       const ComputeOptions& compute);
Alignment align_models(const Model& a, const Model& b, const AlignOptions& options,
                       const ComputeOptions& compute);

// Error unless there is something to align on: text or saved moments, where the method reads any.
void require_text(const AlignOptions& options);

// Axes, units, mean correlations, seconds.
std::string alignment_table(const Alignment& alignment);

// Error unless the alignment belongs to these two checkpoints.
void check_alignment(const Alignment& alignment, const Model& a, const Model& b,
                     const std::string& file);
void check_alignment_b(const Alignment& alignment, const Model& b, const std::string& file);

// Up to `limit` token sequences from a text file, one a line, or from a task's file.
std::vector<TokenSequence> read_sequences(const Model& model, const std::string& file,
                                          const Task* task, std::int64_t limit);

}  // namespace braid
