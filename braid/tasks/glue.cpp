#include "braid/tasks/glue.h"

#include <algorithm>
#include <charconv>

#include "braid/error.h"
#include "braid/text/lines.h"

namespace braid {
namespace {

// Quotes mean nothing in these files.
std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0;;) {
    const std::size_t end = line.find('\t', begin);
    fields.push_back(line.substr(begin, end - begin));
    if (end == std::string::npos) return fields;
    begin = end + 1;
  }
}

std::size_t column(const std::vector<std::string>& columns, const std::string& name,
                   const Task& task, const std::string& file) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  require(found != columns.end(), "{}: has no column '{}', which {} needs; its columns are: {}",
          file, name, task.title, fmt::join(columns, ", "));
  return static_cast<std::size_t>(found - columns.begin());
}

double read_label(const Task& task, const std::string& text, const std::string& file,
                  std::int64_t row) {
  if (task.is_regression()) {
    double score = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
    require(error == std::errc() && end == text.data() + text.size(),
            "{}: row {}: the score is '{}', expected a number", file, row, text);
    return score;
  }
  const auto found = std::find(task.labels.begin(), task.labels.end(), text);
  require(found != task.labels.end(), "{}: row {}: the label is '{}', {} has: {}", file, row, text,
          task.title, fmt::join(task.labels, ", "));
  return static_cast<double>(found - task.labels.begin());
}

}  // namespace

std::int64_t Task::outputs() const {
  return is_regression() ? 1 : static_cast<std::int64_t>(labels.size());
}

const std::vector<Task>& glue_tasks() {
  static const std::vector<std::string> binary = {"0", "1"};
  static const std::vector<std::string> entailment = {"entailment", "not_entailment"};
  static const std::vector<Task> tasks = {
      {"sst2", "SST-2", {}, "sentence", "", "label", binary, {"accuracy"}},
      {"cola",
       "CoLA",
       {"source", "label", "mark", "sentence"},
       "sentence",
       "",
       "label",
       binary,
       {"matthews", "accuracy"}},
      {"mrpc", "MRPC", {}, "#1 String", "#2 String", "Quality", binary, {"accuracy", "f1"}},
      {"rte", "RTE", {}, "sentence1", "sentence2", "label", entailment, {"accuracy"}},
      {"stsb", "STS-B", {}, "sentence1", "sentence2", "score", {}, {"pearson", "spearman"}},
      {"wnli", "WNLI", {}, "sentence1", "sentence2", "label", binary, {"accuracy"}},
      {"qnli", "QNLI", {}, "question", "sentence", "label", entailment, {"accuracy"}},
      {"qqp", "QQP", {}, "question1", "question2", "is_duplicate", binary, {"accuracy", "f1"}},
      {"mnli",
       "MNLI",
       {},
       "sentence1",
       "sentence2",
       "gold_label",
       {"entailment", "neutral", "contradiction"},
       {"accuracy"}}};
  return tasks;
}

const Task& find_task(const std::string& name) {
  std::vector<std::string> names;
  for (const Task& task : glue_tasks()) {
    if (task.name == name) return task;
    names.push_back(task.name);
  }
  fail("'{}' is not a GLUE task; there are: {}", name, fmt::join(names, ", "));
}

LabelledLines read_labelled_lines(const Task& task, const std::filesystem::path& path,
                                  std::int64_t limit) {
  const std::string file = path.string();
  LineStream stream(path);
  std::vector<std::string> columns = task.columns;
  if (columns.empty()) columns = split(stream.next().value_or(""));
  const std::size_t label = column(columns, task.label, task, file),
                    first = column(columns, task.first, task, file),
                    second = task.has_pairs() ? column(columns, task.second, task, file) : first;
  LabelledLines result;
  while (limit == 0 || std::ssize(result.lines) < limit) {
    const std::optional<std::string> line = stream.next();
    if (!line) break;
    const std::vector<std::string> fields = split(*line);
    if (fields.size() <= std::max({label, first, second})) {
      ++result.skipped;
      continue;
    }
    result.lines.push_back({fields[first], task.has_pairs() ? fields[second] : "",
                            read_label(task, fields[label], file, stream.lines())});
  }
  const auto rows = std::ssize(result.lines) + result.skipped;
  require(
      result.skipped * 100 <= rows,
      "{}: {} of {} rows have fewer columns than {} needs: is it the task's tab-separated file?",
      file, result.skipped, rows, task.title);
  require(!result.lines.empty(), "{}: holds no rows", file);
  return result;
}

}  // namespace braid
