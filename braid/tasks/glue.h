// GLUE tasks (Wang et al. 2019): where their official tab-separated files have the sentences and
// the labels, and what is measured.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

struct LabelledLine {
  std::string first, second;
  double label = 0;  // class, or score
};

struct LabelledLines {
  std::vector<LabelledLine> lines;
  std::int64_t skipped = 0;     // rows with too few columns, as the official QQP files have
  std::int64_t unlabelled = 0;  // rows whose label is "-"
};

// The lowest and the highest score that there can be.
struct ScoreRange {
  double low = 0, high = 0;
};

// One task: a row of the table in glue.cpp.
struct GlueRow {
  const char* name;                  // sst2
  const char* title;                 // SST-2
  std::vector<std::string> columns;  // of files without a header; empty: the first line names them
  std::string first, second;         // columns of the sentences; `second` empty: one sentence
  std::string label;                 // column
  std::vector<std::string> labels;   // as written, by class (Hugging Face's order); empty: a score
  std::vector<std::string> metrics;  // the first decides which model is better
  std::vector<std::string> names = {};  // of classes that the file numbers, as the GLUE data on the
                                        // Hugging Face hub has them
  ScoreRange scores = {};               // as the data set documents them

  bool is_regression() const { return labels.empty(); }
  bool has_pairs() const { return !second.empty(); }
};

// The range that `input` gives, or the task's. Error where it is none.
ScoreRange score_range(const GlueRow& task, const TaskInput& input);

// The first `limit` rows (0 = all). Error naming the file, the row and the column where a column or
// a label is not what the task has, a score is outside `scores` (none: any number will do), where
// there is no row, or where over 1% are cut short.
LabelledLines read_labelled_lines(const GlueRow& task, const std::filesystem::path& file,
                                  std::int64_t limit = 0, std::optional<ScoreRange> scores = {});

// The nine: a sentence head's classes, by cross entropy, or its score, by squared error.
const std::vector<const Task*>& glue_tasks();
// The row of one of them. Error naming the tasks there are.
const GlueRow& find_glue_row(const std::string& name);

}  // namespace braid
