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

}  // namespace braid
