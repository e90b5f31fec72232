// pretrain: trains a language model from scratch; results do not depend on threads.
#pragma once

#include "braid/compute.h"
#include "braid/training/validation.h"

namespace braid {

struct PretrainOptions {
  std::int64_t steps = 0;
  std::uint64_t seed = 0;
  std::int64_t batch_size = 32;      // sequences per step
  std::int64_t block = 64;           // tokens per sequence
  double mask_probability = 0.3;     // for masked models
  double learning_rate = 1.5e-3;     // peak: linear warm-up; linear decay to 0, cosine if causal
  double warmup = 0.06;              // fraction of the steps
  double weight_decay = 0.01;        // of weights, not of biases and gains
  double clip = 1.0;                 // norm of the gradient
  std::int64_t evaluate_every = 50;  // steps between scores on validation text
  std::int64_t patience = 0;         // scores without improvement before stopping; 0 = never
  std::int64_t save_every = 500;     // steps between saved states
  Compute compute;
};

// Defaults for models with this config.json.
PretrainOptions pretrain_defaults(const nlohmann::json& config);

struct Pretrained : TrainingRecord {
  Tensors parameters;  // float32
};

// `blocks`: sequences of options.block tokens from the model's task (token_task). The parameters
// that are best on `valid`, if given, are kept. Causal models are trained with the dropout of
// config.json, masked ones without. `state`: a file, saved every `save_every` steps; see train().
Pretrained pretrain(const nlohmann::json& config, const std::shared_ptr<const Tokenizer>& tokenizer,
                    std::vector<TokenSequence> blocks, const std::optional<Examples>& valid,
                    const PretrainOptions& options, const std::filesystem::path& state,
                    const TrainingLog& log = {}, const DevLog& log_dev = {});

}  // namespace braid
