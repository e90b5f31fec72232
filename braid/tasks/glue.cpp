#include "braid/tasks/glue.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/notice.h"
#include "braid/tasks/metrics.h"
#include "braid/text/lines.h"

namespace braid {
namespace {

// Quotes have no special meaning in these files.
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
                   const GlueRow& task, const std::string& file) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  require(found != columns.end(), "{}: has no column '{}', which {} needs; its columns are: {}",
          file, name, task.title, fmt::join(columns, ", "));
  require(std::count(columns.begin(), columns.end(), name) == 1,
          "{}: line 1: column '{}', which {} needs, appears twice", file, printable(name),
          task.title);
  return static_cast<std::size_t>(found - columns.begin());
}

double read_label(const GlueRow& task, const std::optional<ScoreRange>& scores,
                  const std::string& text, const std::string& file, std::int64_t row) {
  if (task.is_regression()) {
    double score = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
    require(error == std::errc() && end == text.data() + text.size() && std::isfinite(score),
            "{}: row {}: the score is '{}', expected a number", file, row, printable(text));
    require(
        !scores || (score >= scores->low && score <= scores->high),
        "{}: row {}: the score is {}, expected one from {} to {}; set `score-range` if the data "
        "has another",
        file, row, text, scores ? scores->low : 0, scores ? scores->high : 0);
    return score;
  }
  const auto found = std::find(task.labels.begin(), task.labels.end(), text);
  require(found != task.labels.end(), "{}: row {}: the label is '{}', but {} has: {}", file, row,
          text, task.title, fmt::join(task.labels, ", "));
  return static_cast<double>(found - task.labels.begin());
}

const std::vector<GlueRow>& glue_rows() {
  static const std::vector<std::string> binary = {"0", "1"};
  static const std::vector<std::string> entailment = {"entailment", "not_entailment"};
  static const std::vector<GlueRow> rows = {
      {"sst2",
       "SST-2",
       {},
       "sentence",
       "",
       "label",
       binary,
       {"accuracy"},
       {"negative", "positive"}},
      {"cola",
       "CoLA",
       {"source", "label", "mark", "sentence"},
       "sentence",
       "",
       "label",
       binary,
       {"matthews", "accuracy"},
       {"unacceptable", "acceptable"}},
      {"mrpc",
       "MRPC",
       {},
       "#1 String",
       "#2 String",
       "Quality",
       binary,
       {"accuracy", "f1"},
       {"not_equivalent", "equivalent"}},
      {"rte", "RTE", {}, "sentence1", "sentence2", "label", entailment, {"accuracy"}},
      {"stsb",
       "STS-B",
       {},
       "sentence1",
       "sentence2",
       "score",
       {},
       {"pearson", "spearman"},
       {},
       {0, 5}},
      {"wnli",
       "WNLI",
       {},
       "sentence1",
       "sentence2",
       "label",
       binary,
       {"accuracy"},
       {"not_entailment", "entailment"}},
      {"qnli", "QNLI", {}, "question", "sentence", "label", entailment, {"accuracy"}},
      {"qqp",
       "QQP",
       {},
       "question1",
       "question2",
       "is_duplicate",
       binary,
       {"accuracy", "f1"},
       {"not_duplicate", "duplicate"}},
      {"mnli",
       "MNLI",
       {},
       "sentence1",
       "sentence2",
       "gold_label",
       {"entailment", "neutral", "contradiction"},
       {"accuracy"}}};
  return rows;
}

TokenSequence encode(const GlueRow& task, const LabelledLine& line, const Tokenizer& tokenizer,
                     std::int64_t max_length) {
  TokenSequence sequence;
  if (task.has_pairs()) {
    std::tie(sequence.ids, sequence.types) =
        tokenizer.encode_pair(line.first, line.second, max_length);
  } else {
    sequence.ids = tokenizer.encode_sequence(line.first, max_length);
  }
  sequence.target = line.label;
  return sequence;
}

class Rows final : public SequenceStream {
 public:
  Rows(const GlueRow& task, LabelledLines rows, const Tokenizer& tokenizer, std::int64_t max_length)
      : task_(task), rows_(std::move(rows)), tokenizer_(tokenizer), max_length_(max_length) {}

  std::int64_t total() const override { return std::ssize(rows_.lines); }

 private:
  std::optional<TokenSequence> read() override {
    if (sequences() == total()) return std::nullopt;
    return encode(task_, rows_.lines[static_cast<std::size_t>(sequences())], tokenizer_,
                  max_length_);
  }

  const GlueRow& task_;
  LabelledLines rows_;
  const Tokenizer& tokenizer_;
  std::int64_t max_length_;
};

class GlueTask final : public Task {
 public:
  explicit GlueTask(const GlueRow& row) : row_(row) {}

  const char* name() const override { return row_.name; }
  const char* title() const override { return row_.title; }
  std::optional<Predicts> head() const override { return Predicts::label; }
  std::vector<std::string> labels() const override { return row_.labels; }
  std::vector<std::string> other_labels() const override { return row_.names; }

  void check(const TaskInput& input, const Model&) const override {
    require(!input.data.empty() && input.text.empty() && input.batches.empty(),
            "`task` {} reads only its own file; give `data` FILE.tsv", name());
  }
  const std::string& file(const TaskInput& input) const override { return input.data; }
  Examples load(const TaskInput& input, const Tokenizer& tokenizer,
                std::int64_t positions) const override {
    const LabelledLines rows =
        read_labelled_lines(row_, input.data, input.lines, score_range(row_, input));
    Examples examples{this, {}, {}, 0, rows.skipped + rows.unlabelled};
    for (const LabelledLine& line : rows.lines) {
      examples.sequences.push_back(
          encode(row_, line, tokenizer, std::min(input.max_length, positions)));
    }
    examples.batches = batches_by_length(examples.sequences);
    return examples;
  }

  std::unique_ptr<SequenceStream> rows(const std::filesystem::path& file,
                                       const Tokenizer& tokenizer, std::int64_t max_length,
                                       std::int64_t limit) const override {
    return std::make_unique<Rows>(row_, read_labelled_lines(row_, file, limit), tokenizer,
                                  max_length);
  }

  at::Tensor loss(const at::Tensor& outputs, const ExampleBatch& batch) const override {
    const at::Tensor wide = outputs.to(at::promote_types(outputs.scalar_type(), at::kFloat));
    if (row_.is_regression()) {
      return (wide.select(1, 0) - batch.expected.to(wide.scalar_type())).square().sum();
    }
    return at::cross_entropy_loss(wide, batch.expected.to(at::kLong), {}, at::Reduction::Sum);
  }

  std::vector<double> predictions(const at::Tensor& outputs) const override {
    const at::Tensor values = (row_.is_regression() ? outputs.select(1, 0) : outputs.argmax(1))
                                  .to(at::kDouble)
                                  .contiguous();
    const double* first = values.const_data_ptr<double>();
    return {first, first + values.numel()};
  }

  Metrics metrics(double, const std::vector<double>& predicted,
                  const std::vector<TokenSequence>& sequences) const override {
    std::vector<double> expected;
    for (const TokenSequence& sequence : sequences) expected.push_back(sequence.target);
    Metrics found;
    for (const std::string& name : row_.metrics) found[name] = metric(name, predicted, expected);
    return found;
  }
  double value(const Score& score) const override { return score.metrics.at(row_.metrics.front()); }

 private:
  const GlueRow& row_;
};

}  // namespace

const std::vector<const Task*>& glue_tasks() {
  static const std::vector<GlueTask> tasks(glue_rows().begin(), glue_rows().end());
  static const std::vector<const Task*> all = [] {
    std::vector<const Task*> found;
    for (const GlueTask& task : tasks) found.push_back(&task);
    return found;
  }();
  return all;
}

const GlueRow& find_glue_row(const std::string& name) {
  std::vector<std::string> names;
  for (const GlueRow& row : glue_rows()) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  fail("'{}' is not a GLUE task; expected one of: {}", name, fmt::join(names, ", "));
}

ScoreRange score_range(const GlueRow& task, const TaskInput& input) {
  const std::vector<double>& given = input.score_range;
  if (given.empty()) return task.scores;
  require(task.is_regression(), "`score-range` applies to scores, but {} has labels", task.title);
  require(given.size() == 2 && given[0] < given[1],
          "`score-range` is {}, expected the lowest and the highest score, such as 0,5",
          fmt::join(given, ","));
  return {given[0], given[1]};
}

LabelledLines read_labelled_lines(const GlueRow& task, const std::filesystem::path& path,
                                  std::int64_t limit, std::optional<ScoreRange> scores) {
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
    if (fields[label] == "-" && !task.is_regression()) {  // no agreement of annotators (MNLI)
      ++result.unlabelled;
      continue;
    }
    result.lines.push_back({fields[first], task.has_pairs() ? fields[second] : "",
                            read_label(task, scores, fields[label], file, stream.lines())});
  }
  const auto rows = std::ssize(result.lines) + result.skipped + result.unlabelled;
  require(result.skipped * 100 <= rows,
          "{}: {} of {} rows have fewer columns than {} needs; give the task's tab-separated file",
          file, result.skipped, rows, task.title);
  require(!result.lines.empty(), "{}: has no rows", file);
  if (result.unlabelled > 0) {
    notice("{}: skipped {} rows without a label ('-')", file, result.unlabelled);
  }
  return result;
}

}  // namespace braid
