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
  std::string task = "mlm", text, batches, data;
  MaskingOptions masking;
  std::int64_t lines = 0;  // 0 = all
  std::int64_t max_length = 128;

  void add_to(CLI::App& command);
  // What to score, by the model's tokenizer: --batches, masked --text, or a task's --data.
  ScoredText load(const Model& model) const;
  nlohmann::json provenance() const;
};

struct AlignOptions {
  std::string preset = "best", components, heads, query_key, residual, correlation = "signed",
              special_tokens = "keep", pool = "none", text, task, data, moments;
  std::vector<std::string> from_moments;
  std::int64_t max_length = 512, batch_size = 0, lines = 0;

  void add_to(CLI::App& command);
  // --text, or --task and --data; Error where it is neither or both.
  const Task* text_task() const;
  const std::string& text_file() const { return task.empty() ? text : data; }
  bool has_text() const { return !text_file().empty(); }
  // Preset and flags together; a preset leaves out what the model does not have.
  MatchOptions match_options(const Model& model) const;
  nlohmann::json provenance(const MatchOptions& options) const;
};

}  // namespace braid
