// pretrain: a language model from scratch, the same for any number of threads.
#pragma once

#include "braid/compute.h"
#include "braid/training/validation.h"

namespace braid {

struct PretrainOptions {
  std::int64_t steps = 0;
  std::uint64_t seed = 0;
  std::int64_t batch_size = 32;      // sequences a step
  std::int64_t block = 64;           // tokens a sequence
  double mask_probability = 0.3;     // of a masked model
  double learning_rate = 1.5e-3;     // peak: linear warm-up; decay to 0, of a causal model cosine
  double warmup = 0.06;              // fraction of the steps
  double weight_decay = 0.01;        // of weights, not of biases and gains
  double clip = 1.0;                 // norm of the gradient
  std::int64_t evaluate_every = 50;  // steps between scores on validation text
  std::int64_t patience = 0;         // stop after so many scores without a better one; 0 = never
  std::int64_t save_every = 500;     // steps between saved states
  Compute compute;
};

// As models of this config.json are usually trained.
PretrainOptions pretrain_defaults(const nlohmann::json& config);

struct Pretrained : TrainingRecord {
  Tensors parameters;  // float32
};

// `blocks` of options.block tokens, as the task of the model (token_task) cuts a text; the best on
// `valid`, where it is given, is kept. A causal model is trained with the dropout of config.json, a
// masked one without. `state` is a file: read when it exists (Error where it belongs to another
// run), saved every `save_every` steps and removed by the caller when the result is safe.
Pretrained pretrain(const nlohmann::json& config, const std::shared_ptr<const Tokenizer>& tokenizer,
                    std::vector<TokenSequence> blocks, const std::optional<Examples>& valid,
                    const PretrainOptions& options, const std::filesystem::path& state,
                    const TrainingLog& log = {}, const DevLog& log_dev = {});

}  // namespace braid
