// LabelledText: the examples of a classification or regression task as token sequences.
#pragma once

#include "braid/networks/sequences.h"
#include "braid/tasks/glue.h"
#include "braid/text/wordpiece.h"

namespace braid {

struct LabelledText {
  const Task* task = nullptr;
  std::vector<TokenSequence> sequences;
  std::vector<double> labels;  // class, or score
  std::int64_t tokens = 0;

  std::int64_t size() const { return static_cast<std::int64_t>(sequences.size()); }
};

// [CLS] a [SEP], or [CLS] a [SEP] b [SEP] with types 0 and 1, cut to `max_length` tokens.
TokenSequence encode(const Task& task, const LabelledLine& line, const WordPiece& tokenizer,
                     std::int64_t max_length);
LabelledText encode(const Task& task, const LabelledLines& lines, const WordPiece& tokenizer,
                    std::int64_t max_length);

// Predictions (classes or scores) from outputs (N, outputs).
std::vector<double> predictions(const Task& task, const at::Tensor& outputs);

// Summed loss of outputs (N, outputs): cross entropy in nats, or squared error. Differentiable.
at::Tensor summed_loss(const Task& task, const at::Tensor& outputs,
                       const std::vector<double>& labels);

}  // namespace braid
