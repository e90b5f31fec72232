// Options that several commands share, and what they mean to the library.
#pragma once

#include <CLI/CLI.hpp>

#include "braid/alignment/match.h"
#include "braid/alignment/observe.h"
#include "braid/connectivity/barrier.h"
#include "braid/connectivity/verify.h"

namespace braid {

struct ComputeOptions {
  std::string precision = "float32", device = "cpu";
  int threads = 0;  // 0 = all cores

  void add_to(CLI::App& command);
  at::ScalarType dtype() const;
  int thread_count() const;
};

struct EvaluateOptions {
  std::string task = "mlm", text, batches;
  MaskingOptions masking;
  std::int64_t lines = 0;  // 0 = all

  void add_to(CLI::App& command);
  // The tokens to score, from --batches or from --text with the model's tokenizer.
  MaskedText load(const Model& model) const;
  nlohmann::json provenance() const;
};

struct AlignOptions {
  std::string preset = "best", components, heads, query_key, residual, correlation = "signed",
              special_tokens = "keep", pool = "none", text, moments;
  std::vector<std::string> from_moments;
  std::int64_t max_length = 512, batch_size = 0, lines = 0;

  void add_to(CLI::App& command);
  // Preset and flags together; a preset leaves out what the model does not have.
  MatchOptions match_options(const Model& model) const;
  nlohmann::json provenance(const MatchOptions& options) const;
};

// Observes text or adds up saved moments, and solves. Says on stderr what is long.
Alignment align_models(const Model& a, const Model& b, const AlignOptions& options,
                       const ComputeOptions& compute);

// Axes, units, mean correlations, seconds.
std::string alignment_table(const Alignment& alignment);

// Error unless the alignment belongs to these two checkpoints.
void check_alignment(const Alignment& alignment, const Model& a, const Model& b,
                     const std::string& file);
void check_alignment_b(const Alignment& alignment, const Model& b, const std::string& file);

// Up to `limit` token sequences from a text file, one a line.
std::vector<std::vector<std::int64_t>> read_sequences(const Model& model, const std::string& text,
                                                      std::int64_t limit);

// The alignment's table for a model: its own, or the one of the ablation that the alignment is.
Symmetries table_of(const Model& model, const Ablation& ablation);

}  // namespace braid
