// A toy task in one file: how many tokens a line has, as the score of a sentence head.
#pragma once

#include "braid/error.h"
#include "braid/tasks/task.h"
#include "braid/text/lines.h"

namespace braid {

class TokenCount final : public Task {
 public:
  const char* name() const override { return "count"; }
  const char* title() const override { return "Token count"; }
  std::optional<Predicts> head() const override { return Predicts::label; }

  void check(const TaskInput& input, const Model&) const override {
    require(!input.text.empty(), "task count is measured on text");
  }
  const std::string& file(const TaskInput& input) const override { return input.text; }
  Examples load(const TaskInput& input, const Tokenizer& tokenizer,
                std::int64_t positions) const override {
    Examples examples;
    examples.task = this;
    for (const std::string& line : read_lines(input.text, input.lines)) {
      TokenSequence& sequence = examples.sequences.emplace_back();
      sequence.ids = tokenizer.encode_sequence(line, positions);
      sequence.target = static_cast<double>(sequence.size()) / 10;
    }
    examples.batches = batches_by_length(examples.sequences);
    return examples;
  }
  at::Tensor loss(const at::Tensor& outputs, const ExampleBatch& batch) const override {
    return (outputs.select(1, 0) - batch.expected.to(outputs.scalar_type())).square().sum();
  }
  Metrics metrics(double loss, const std::vector<double>&,
                  const std::vector<TokenSequence>&) const override {
    return {{"rmse", std::sqrt(loss)}};
  }
};

inline const Task& token_count() {
  static const TokenCount task;
  return task;
}

}  // namespace braid
