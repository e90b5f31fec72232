// Task: something that a model can be measured on, and trained for. A new one is one file that
// defines it and one line in tasks.cpp.
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
  double loss = 0;          // mean over what is scored: nats, or a squared error
  Metrics metrics;          // the task's own
  std::int64_t scored = 0;  // tokens or examples
};

struct MaskingOptions {
  std::int64_t block = 128;  // tokens a sequence, marks among them
  double probability = 0.15;
  std::uint64_t seed = 0;
  std::int64_t batch_size = 16;
  bool character_spaced = false;  // the authors' loader: every character a word
};

// Where a task's examples are, and how they are read.
struct TaskInput {
  std::string text, batches, data;  // files: one of them
  MaskingOptions masking;           // of text; what masks nothing reads block and batch_size only
  std::int64_t lines = 0;           // only the first; 0 = all
  std::int64_t max_length = 128;    // tokens of an example of `data`
  // The lowest and the highest score that `data` may have; empty: the task's own.
  std::vector<double> score_range = {};
};

class Task {
 public:
  virtual ~Task() = default;

  virtual const char* name() const = 0;   // as users write it: mlm, sst2
  virtual const char* title() const = 0;  // as tables show it: MLM, SST-2

  // The head whose outputs it takes; none: the hidden states (B, T, width).
  virtual std::optional<Predicts> head() const = 0;
  // The classes that a sentence head tells apart, by output; none: its one output is a score.
  virtual std::vector<std::string> labels() const { return {}; }
  // What else models call these classes.
  virtual std::vector<std::string> other_labels() const { return {}; }
  // Of the head; 0: as many as it has, and the classes are these.
  virtual std::int64_t outputs() const {
    return std::max<std::int64_t>(static_cast<std::int64_t>(labels().size()), 1);
  }

  // Error unless the input names what this task reads, and the model is of a kind that it measures.
  virtual void check(const TaskInput& input, const Model& model) const = 0;
  // The file that is read.
  virtual const std::string& file(const TaskInput& input) const = 0;
  // The examples of input.text or input.data, for a model of so many positions.
  virtual Examples load(const TaskInput& input, const Tokenizer& tokenizer,
                        std::int64_t positions) const = 0;
  // The examples of input.batches. Error where this task has none.
  virtual Examples load_batches(const TaskInput& input) const;
  // The rows of a file of this task one by one, to align on. Error where it has none.
  virtual std::unique_ptr<SequenceStream> rows(const std::filesystem::path& file,
                                               const Tokenizer& tokenizer, std::int64_t max_length,
                                               std::int64_t limit) const;

  // Sequences that are scored together.
  virtual std::int64_t sequences_an_example() const { return 1; }
  // Summed loss of outputs that head() gives, differentiable.
  virtual at::Tensor loss(const at::Tensor& outputs, const ExampleBatch& batch) const = 0;
  // What the outputs say of each sequence, as metrics take it; empty where they need none.
  virtual std::vector<double> predictions(const at::Tensor& outputs) const;
  // `loss`: the mean. `predicted`: by sequence, as predictions() has them.
  virtual Metrics metrics(double loss, const std::vector<double>& predicted,
                          const std::vector<TokenSequence>& sequences) const = 0;
  // Which of two scores is better: the larger value.
  virtual double value(const Score& score) const { return -score.loss; }
};

}  // namespace braid
