// Options that several commands share, and what they mean to the library.
#pragma once

#include <CLI/CLI.hpp>

#include "braid/alignment/align_request.h"
#include "braid/connectivity/score_request.h"
#include "braid/methods/learn_request.h"

namespace braid {

struct ComputeOptions {
  std::string precision = "float32", device = "cpu";
  int threads = 0;  // 0 = all cores

  void add_to(CLI::App& command);
  at::ScalarType dtype() const;
  int thread_count() const;
};

struct EvaluateOptions : ScoreRequest {
  void add_to(CLI::App& command);
};

struct AlignOptions : AlignRequest {
  std::string text, task, data, moments, batches;
  std::string learning_state;  // file that learning goes on from; empty: none
  std::vector<std::string> from_moments;
  std::uint64_t seed = 0;  // of learning and of the starts of weight matching
  LearnRequest learning;   // its files, seed and threads are filled in by learn_request

  void add_to(CLI::App& command);
  // --text, or --task and --data; Error where it is neither or both.
  const Task* text_task() const;
  const std::string& text_file() const { return task.empty() ? text : data; }
  // Of learning an alignment, or of healing.
  LearnRequest learn_request() const;
  bool has_text() const { return !text_file().empty() || !batches.empty(); }
};

}  // namespace braid
