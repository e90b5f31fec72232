// Options that several commands share, and what they mean to the library.
#pragma once

#include <CLI/CLI.hpp>

#include "braid/alignment/align_request.h"
#include "braid/connectivity/score_request.h"

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
  std::string text, task, data, moments;
  std::vector<std::string> from_moments;

  void add_to(CLI::App& command);
  // --text, or --task and --data; Error where it is neither or both.
  const Task* text_task() const;
  const std::string& text_file() const { return task.empty() ? text : data; }
  bool has_text() const { return !text_file().empty(); }
};

}  // namespace braid
