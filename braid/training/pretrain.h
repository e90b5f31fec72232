// pretrain: a masked language model from scratch. Each step depends only on the seed and its
// number, so a run that was stopped goes on from its last saved state to the same result, for any
// number of threads.
#pragma once

#include <filesystem>

#include "braid/connectivity/masked_text.h"
#include "braid/models/network.h"
#include "braid/symmetry/symmetries.h"

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

struct TrainingPoint {
  std::int64_t step = 0;
  std::int64_t tokens = 0;
  double loss = 0;  // mean over the steps since the previous point, nats per masked token
};

struct Pretrained {
  Tensors parameters;  // float32
  std::vector<TrainingPoint> curve;
};

// Tells of every point of the curve as it comes.
using TrainingLog = std::function<void(const TrainingPoint&, std::int64_t steps)>;

// `state` is a file: read when it exists (Error where it belongs to another run), saved every
// `save_every` steps and removed by the caller when the result is safe.
Pretrained pretrain(const nlohmann::json& config, const WordPiece& tokenizer,
                    const std::vector<std::string>& lines, const PretrainOptions& options,
                    const std::filesystem::path& state, const TrainingLog& log);

}  // namespace braid
