// GLUE tasks (Wang et al. 2019): the columns of sentences and labels in their official
// tab-separated files, and the metrics.
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

// Lowest and highest possible score.
struct ScoreRange {
  double low = 0, high = 0;
};

// One task: a row of the table in glue.cpp.
struct GlueRow {
  const char* name;                  // sst2
  const char* title;                 // SST-2
  std::vector<std::string> columns;  // of files without a header; empty: the first line is one
  std::string first, second;         // columns of the sentences; `second` empty: one sentence
  std::string label;                 // column
  std::vector<std::string> labels;   // in files, in Hugging Face's order; empty: a score
  std::vector<std::string> metrics;  // the first decides which model is better
  std::vector<std::string> names =
      {};                  // class names on the Hugging Face hub, if labels are numbers
  ScoreRange scores = {};  // as the data set documents them

  bool is_regression() const { return labels.empty(); }
  bool has_pairs() const { return !second.empty(); }
};

// The range in `input`, or else the task's. Throws if it is not a range.
ScoreRange score_range(const GlueRow& task, const TaskInput& input);

// The first `limit` rows (0 = all). Throws an Error that names the file, row and column if a column
// or label is not the task's, a score is outside `scores` (nullopt: any number), there are no rows,
// or more than 1% of them lack columns.
LabelledLines read_labelled_lines(const GlueRow& task, const std::filesystem::path& file,
                                  std::int64_t limit = 0, std::optional<ScoreRange> scores = {});

// The nine tasks: classification by cross entropy, or regression by squared error.
const std::vector<const Task*>& glue_tasks();
// The row of a task. Throws, listing the tasks, if there is none of this name.
const GlueRow& find_glue_row(const std::string& name);

}  // namespace braid
