// GLUE tasks (Wang et al. 2019): where their official tab-separated files have the sentences and
// the labels, and what is measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace braid {

struct Task {
  std::string name;                  // sst2
  std::string title;                 // SST-2
  std::vector<std::string> columns;  // of files without a header; empty: the first line names them
  std::string first, second;         // columns of the sentences; `second` empty: one sentence
  std::string label;                 // column
  std::vector<std::string> labels;   // as written, by class (Hugging Face's order); empty: a score
  std::vector<std::string> metrics;  // the first decides which model is better

  bool is_regression() const { return labels.empty(); }
  bool has_pairs() const { return !second.empty(); }
  // Outputs of a classifier: classes, or 1 for a score.
  std::int64_t outputs() const;
};

const std::vector<Task>& glue_tasks();
// Error naming the tasks there are.
const Task& find_task(const std::string& name);

struct LabelledLine {
  std::string first, second;
  double label = 0;  // class, or score
};

struct LabelledLines {
  std::vector<LabelledLine> lines;
  std::int64_t skipped = 0;  // rows with too few columns, as the official QQP files have
};

// The first `limit` rows (0 = all). Error naming the file, the row and the column where a column or
// a label is not what the task has, where there is no row, or where over 1% are cut short.
LabelledLines read_labelled_lines(const Task& task, const std::filesystem::path& file,
                                  std::int64_t limit = 0);

}  // namespace braid
