// pretrain: a masked language model from scratch, the same for any number of threads.
#pragma once

#include "braid/models/network.h"
#include "braid/tasks/masked_text.h"
#include "braid/training/loop.h"

namespace braid {

struct PretrainOptions {
  std::int64_t steps = 0;
  std::uint64_t seed = 0;
  std::int64_t batch_size = 32;  // sequences a step
  std::int64_t block = 64;       // tokens a sequence
  double mask_probability = 0.3;
  double learning_rate = 1.5e-3;  // peak: linear warm-up, linear decay to 0
  double warmup = 0.06;           // fraction of the steps
  double weight_decay = 0.01;     // of weights, not of biases and gains
  double clip = 1.0;              // norm of the gradient
  std::int64_t save_every = 500;  // steps between saved states
  int threads = 1;
};

struct Pretrained {
  Tensors parameters;  // float32
  std::vector<TrainingPoint> curve;
};

// `state` is a file: read when it exists (Error where it belongs to another run), saved every
// `save_every` steps and removed by the caller when the result is safe.
Pretrained pretrain(const nlohmann::json& config, const WordPiece& tokenizer,
                    const std::vector<std::string>& lines, const PretrainOptions& options,
                    const std::filesystem::path& state, const TrainingLog& log);

}  // namespace braid
