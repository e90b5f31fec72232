// TokenTask: predicting tokens, those under a mask or the next ones: what language models are
// measured on and trained for.
#pragma once

#include <functional>

#include "braid/random.h"
#include "braid/tasks/task.h"

namespace braid {

class TokenTask : public Task {
 public:
  // Are next tokens predicted, from what comes before them?
  virtual bool is_causal() const = 0;

  // A text to train on: sequences of `size` tokens each; what does not fill one is left out. Error
  // where none is filled.
  virtual std::vector<TokenSequence> training_blocks(const std::filesystem::path& text,
                                                     const Tokenizer& tokenizer,
                                                     std::int64_t size) const = 0;
  // What changes a sequence each time it is trained on: masks are drawn anew. Null where labels
  // stay.
  using Draw = std::function<void(TokenSequence&, Random&)>;
  virtual Draw drawing(std::shared_ptr<const Tokenizer> tokenizer, double probability) const;

  std::optional<Predicts> head() const final { return Predicts::token; }
  void check(const TaskInput& input, const Model& model) const override;
  const std::string& file(const TaskInput& input) const override;
  Examples load_batches(const TaskInput& input) const override;
  // Cross entropy in nats, summed in double.
  at::Tensor loss(const at::Tensor& outputs, const ExampleBatch& batch) const override;
  // Perplexity; of masked tokens the pseudo-perplexity.
  Metrics metrics(double loss, const std::vector<double>& predicted,
                  const std::vector<TokenSequence>& sequences) const override;
};

}  // namespace braid
