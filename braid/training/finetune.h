// finetune: trains a sentence classifier on a pretrained encoder (Devlin et al. 2019). Missing
// parts (classifier, pooler) are drawn from a separate seed, so that different encoders can start
// from the same head (Verma & Elbayad section 4.1).
#pragma once

#include <filesystem>
#include <optional>

#include "braid/compute.h"
#include "braid/training/validation.h"

namespace braid {

struct FinetuneOptions {
  double epochs = 3;
  std::uint64_t seed = 0;       // of the order of examples and of dropout
  std::uint64_t head_seed = 0;  // of the classifier's initialisation
  std::int64_t batch_size = 32;
  double learning_rate = 2e-5;  // peak: linear warm-up, linear decay to 0
  double warmup = 0.1;          // fraction of the steps
  double weight_decay = 0.01;   // of weights, not of biases and gains
  double clip = 1.0;            // norm of the gradient
  double dropout = 0.1;         // hidden states, attention, the classifier's input
  std::int64_t patience = 0;    // epochs without a better dev score before stopping; 0 = never
  std::int64_t save_every = 500;
  Compute compute;  // dtype of the passes; parameters and sums stay float32
};

struct Finetuned : TrainingRecord {
  Model model;  // the classifier: config, names, table; float32
  const Task* task = nullptr;
};

// `start` as a classifier for `task`: without its masked-LM head; missing pooler and classifier are
// drawn from `head_seed`. A classifier with another number of outputs is replaced, with a notice.
Model classifier_start(const Model& start, const Task& task, std::uint64_t head_seed);

// REQUIRES examples of one task, encoded by the model's tokenizer. `state`: see train().
Finetuned finetune(const Model& start, const Examples& data, const std::optional<Examples>& dev,
                   const FinetuneOptions& options, const std::filesystem::path& state,
                   const TrainingLog& log = {}, const DevLog& log_dev = {});

}  // namespace braid
