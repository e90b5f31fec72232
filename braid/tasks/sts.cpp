#include "braid/tasks/sts.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/notice.h"
#include "braid/tasks/glue.h"
#include "braid/tasks/metrics.h"

namespace braid {
namespace {

const GlueRow& columns() { return find_glue_row("stsb"); }

// Rows with scores scaled to [0, 1]. A file with STS-B's columns may be another data set, with
// other scores.
LabelledLines read_shares(const TaskInput& input) {
  const ScoreRange range = score_range(columns(), input);
  LabelledLines rows = read_labelled_lines(columns(), input.data, input.lines, range);
  if (input.score_range.empty()) {
    require(std::any_of(rows.lines.begin(), rows.lines.end(),
                        [](const LabelledLine& line) { return line.label > 1; }),
            "{}: no score is above 1, so they may range from 0 to 5 (STS-B) or from 0 to 1; set "
            "`score-range` to 0,5 or 0,1",
            input.data);
    notice("{}: assuming scores from {} to {}, as in STS-B; set `score-range` for others",
           input.data, range.low, range.high);
  }
  for (LabelledLine& line : rows.lines) {
    line.label = (line.label - range.low) / (range.high - range.low);
  }
  return rows;
}

// One sequence per sentence; those of a pair are adjacent.
std::vector<TokenSequence> sentences(const std::vector<LabelledLine>& lines,
                                     const Tokenizer& tokenizer, std::int64_t max_length) {
  std::vector<TokenSequence> all;
  for (const LabelledLine& line : lines) {
    for (const std::string* text : {&line.first, &line.second}) {
      TokenSequence& sequence = all.emplace_back();
      sequence.ids = tokenizer.encode_sequence(*text, max_length);
      sequence.target = line.label;
    }
  }
  return all;
}

class StsTask final : public Task {
 public:
  const char* name() const override { return "sts"; }
  const char* title() const override { return "STS"; }
  std::optional<Predicts> head() const override { return Predicts::sentence; }
  std::int64_t sequences_an_example() const override { return 2; }

  void check(const TaskInput& input, const Model&) const override {
    require(
        !input.data.empty() && input.text.empty() && input.batches.empty(),
        "`task` sts reads only pairs of sentences with scores; give `data` FILE.tsv with columns "
        "sentence1, sentence2, score");
  }
  const std::string& file(const TaskInput& input) const override { return input.data; }

  Examples load(const TaskInput& input, const Tokenizer& tokenizer,
                std::int64_t positions) const override {
    const LabelledLines rows = read_shares(input);
    Examples examples{this, {}, {}, 0, rows.skipped};
    examples.sequences = sentences(rows.lines, tokenizer, std::min(input.max_length, positions));
    examples.batches = batches_by_length(examples.sequences, 2);
    return examples;
  }

  std::unique_ptr<SequenceStream> rows(const std::filesystem::path& file,
                                       const Tokenizer& tokenizer, std::int64_t max_length,
                                       std::int64_t limit) const override {
    const LabelledLines read = read_labelled_lines(columns(), file, limit);
    return listed_sequences(sentences(read.lines, tokenizer, max_length), 0);
  }

  // Squared error of the cosine against the scaled score (CosineSimilarityLoss of
  // sentence-transformers).
  at::Tensor loss(const at::Tensor& outputs, const ExampleBatch& batch) const override {
    const at::Tensor expected = batch.expected.slice(0, 0, {}, 2);
    const at::Tensor found = cosines(outputs);
    return (found - expected.to(found.scalar_type())).square().sum();
  }

  // The cosine of a pair, for both its sentences.
  std::vector<double> predictions(const at::Tensor& outputs) const override {
    const at::Tensor values = cosines(outputs).to(at::kDouble).repeat_interleave(2).contiguous();
    const double* first = values.const_data_ptr<double>();
    return {first, first + values.numel()};
  }

  Metrics metrics(double, const std::vector<double>& predicted,
                  const std::vector<TokenSequence>& sequences) const override {
    std::vector<double> cosine, score;
    for (std::size_t i = 0; i < sequences.size(); i += 2) {
      cosine.push_back(predicted[i]);
      score.push_back(sequences[i].target);
    }
    return {{"spearman", spearman(cosine, score)}, {"pearson", pearson(cosine, score)}};
  }
  double value(const Score& score) const override { return score.metrics.at("spearman"); }

 private:
  static at::Tensor cosines(const at::Tensor& outputs) {
    return at::cosine_similarity(outputs.slice(0, 0, {}, 2), outputs.slice(0, 1, {}, 2), 1, 1e-12);
  }
};

}  // namespace

const Task& sts_task() {
  static const StsTask task;
  return task;
}

}  // namespace braid
