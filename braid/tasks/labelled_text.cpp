#include "braid/tasks/labelled_text.h"

namespace braid {

TokenSequence encode(const Task& task, const LabelledLine& line, const WordPiece& tokenizer,
                     std::int64_t max_length) {
  TokenSequence sequence;
  if (task.has_pairs()) {
    std::tie(sequence.ids, sequence.types) =
        tokenizer.encode_pair(line.first, line.second, max_length);
  } else {
    sequence.ids = tokenizer.encode_sequence(line.first, max_length);
  }
  return sequence;
}

LabelledText encode(const Task& task, const LabelledLines& lines, const WordPiece& tokenizer,
                    std::int64_t max_length) {
  LabelledText text;
  text.task = &task;
  for (const LabelledLine& line : lines.lines) {
    TokenSequence sequence = encode(task, line, tokenizer, max_length);
    text.tokens += sequence.size();
    text.sequences.push_back(std::move(sequence));
    text.labels.push_back(line.label);
  }
  return text;
}

std::vector<double> predictions(const Task& task, const at::Tensor& outputs) {
  const at::Tensor values = (task.is_regression() ? outputs.select(1, 0) : outputs.argmax(1))
                                .to(at::kDouble)
                                .contiguous();
  const double* first = values.const_data_ptr<double>();
  return {first, first + values.numel()};
}

at::Tensor summed_loss(const Task& task, const at::Tensor& outputs,
                       const std::vector<double>& labels) {
  const at::Tensor wide = outputs.to(at::promote_types(outputs.scalar_type(), at::kFloat));
  const at::Tensor expected = at::tensor(labels, at::kDouble);
  if (task.is_regression()) {
    return (wide.select(1, 0) - expected.to(wide.scalar_type())).square().sum();
  }
  return at::cross_entropy_loss(wide, expected.to(at::kLong), {}, at::Reduction::Sum);
}

}  // namespace braid
