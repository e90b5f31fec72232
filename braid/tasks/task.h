// Task: what a model is measured on and trained for. A new task is one file, and one line in
// tasks.cpp.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "braid/models/model.h"
#include "braid/tasks/examples.h"
#include "braid/tasks/sequence_stream.h"

namespace braid {

using Metrics = std::map<std::string, double>;

struct Score {
  double loss = 0;          // mean over the scored tokens or examples: nats, or a squared error
  Metrics metrics;          // the task's own
  std::int64_t scored = 0;  // tokens or examples
};

struct MaskingOptions {
  std::int64_t block = 128;  // tokens per sequence, including special tokens
  double probability = 0.15;
  std::uint64_t seed = 0;
  std::int64_t batch_size = 16;
  bool character_spaced = false;  // every character is a word, as in the authors' loader
};

// The file of a task's examples, and how it is read.
struct TaskInput {
  std::string text, batches, data;  // files, one of which is given
  MaskingOptions masking;           // of text; only block and batch_size without masking
  std::int64_t lines = 0;           // only the first N; 0 = all
  std::int64_t max_length = 128;    // tokens per example of `data`
  // Lowest and highest score in `data`; empty: the task's own.
  std::vector<double> score_range = {};
};

class Task {
 public:
  virtual ~Task() = default;

  virtual const char* name() const = 0;   // as users write it: mlm, sst2
  virtual const char* title() const = 0;  // as tables show it: MLM, SST-2

  // The head whose outputs are scored; nullopt: the hidden states (B, T, width).
  virtual std::optional<Predicts> head() const = 0;
  // Class names in output order; empty for regression.
  virtual std::vector<std::string> labels() const { return {}; }
  // Other names of these classes in models.
  virtual std::vector<std::string> other_labels() const { return {}; }
  // Required number of outputs of the head; 0: any, and they are the classes.
  virtual std::int64_t outputs() const {
    return std::max<std::int64_t>(static_cast<std::int64_t>(labels().size()), 1);
  }

  // Throws unless the input has the file that this task reads, and the model fits the task.
  virtual void check(const TaskInput& input, const Model& model) const = 0;
  // The file that is read.
  virtual const std::string& file(const TaskInput& input) const = 0;
  // The examples of input.text or input.data, for a model with `positions` positions.
  virtual Examples load(const TaskInput& input, const Tokenizer& tokenizer,
                        std::int64_t positions) const = 0;
  // The examples of input.batches. Throws if the task does not take batches.
  virtual Examples load_batches(const TaskInput& input) const;
  // The rows of a file of this task, to align on. Throws if the task has no rows.
  virtual std::unique_ptr<SequenceStream> rows(const std::filesystem::path& file,
                                               const Tokenizer& tokenizer, std::int64_t max_length,
                                               std::int64_t limit) const;

  // Sequences per example.
  virtual std::int64_t sequences_an_example() const { return 1; }
  // Summed loss of the outputs of head(), differentiable.
  virtual at::Tensor loss(const at::Tensor& outputs, const ExampleBatch& batch) const = 0;
  // The prediction for each sequence, for metrics(); empty if they need none.
  virtual std::vector<double> predictions(const at::Tensor& outputs) const;
  // `loss`: the mean. `predicted`: predictions() of each sequence.
  virtual Metrics metrics(double loss, const std::vector<double>& predicted,
                          const std::vector<TokenSequence>& sequences) const = 0;
  // The criterion for the better of two scores: the larger, the better.
  virtual double value(const Score& score) const { return -score.loss; }
};

}  // namespace braid
