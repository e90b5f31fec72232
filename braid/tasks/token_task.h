// TokenTask: prediction of masked or next tokens, for measuring and training language models.
#pragma once

#include <functional>

#include "braid/random.h"
#include "braid/tasks/task.h"

namespace braid {

class TokenTask : public Task {
 public:
  // Are next tokens predicted, rather than masked ones?
  virtual bool is_causal() const = 0;

  // Training text in sequences of exactly `size` tokens; the rest is dropped. Throws if the text is
  // shorter than one.
  virtual std::vector<TokenSequence> training_blocks(const std::filesystem::path& text,
                                                     const Tokenizer& tokenizer,
                                                     std::int64_t size) const = 0;
  // Redraws the masks of a sequence before each training step. Null if labels are fixed.
  using Draw = std::function<void(TokenSequence&, Random&)>;
  virtual Draw drawing(std::shared_ptr<const Tokenizer> tokenizer, double probability) const;

  std::optional<Predicts> head() const final { return Predicts::token; }
  void check(const TaskInput& input, const Model& model) const override;
  const std::string& file(const TaskInput& input) const override;
  Examples load_batches(const TaskInput& input) const override;
  // Cross entropy in nats, summed in double.
  at::Tensor loss(const at::Tensor& outputs, const ExampleBatch& batch) const override;
  // Perplexity; for masked tokens, pseudo-perplexity.
  Metrics metrics(double loss, const std::vector<double>& predicted,
                  const std::vector<TokenSequence>& sequences) const override;
};

}  // namespace braid
