#include "braid/training/pretrain.h"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <cstring>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/parallel.h"
#include "braid/training/initialise.h"
#include "braid/training/optimiser.h"

namespace braid {
namespace {

using Sequence = std::vector<std::int64_t>;

// Parts that a step's batch is always cut into, however many threads there are.
constexpr std::int64_t shards = 4;
constexpr std::int64_t point_every = 50;

// An independent stream for each (seed, purpose, number).
Random stream(std::uint64_t seed, std::uint64_t purpose, std::int64_t number) {
  std::seed_seq mixed{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                      static_cast<std::uint32_t>(purpose), static_cast<std::uint32_t>(number),
                      static_cast<std::uint32_t>(number >> 32)};
  std::array<std::uint32_t, 2> words{};
  mixed.generate(words.begin(), words.end());
  return Random((std::uint64_t{words[1]} << 32) | words[0]);
}

// Serves the blocks of each epoch in an order of its own.
class Blocks {
 public:
  Blocks(std::vector<Sequence> blocks, std::uint64_t seed)
      : blocks_(std::move(blocks)), seed_(seed) {}

  const Sequence& operator[](std::int64_t number) {
    const auto count = static_cast<std::int64_t>(blocks_.size());
    if (const std::int64_t epoch = number / count; epoch != epoch_) {
      epoch_ = epoch;
      order_ = stream(seed_, 1, epoch).permutation(count);
    }
    return blocks_[static_cast<std::size_t>(order_[static_cast<std::size_t>(number % count)])];
  }

 private:
  std::vector<Sequence> blocks_;
  std::uint64_t seed_;
  std::int64_t epoch_ = -1;
  std::vector<std::int64_t> order_;
};

MaskedBatch stack(const std::vector<Sequence>& ids, const std::vector<Sequence>& labels) {
  std::vector<at::Tensor> rows, label_rows;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    rows.push_back(at::tensor(ids[i], at::kLong));
    label_rows.push_back(at::tensor(labels[i], at::kLong));
  }
  return {{at::stack(rows), {}, {}}, at::stack(label_rows)};
}

struct Step {
  double loss = 0;
  Tensors gradients;
};

// Mean loss over the step's masked tokens and its gradient, summed over shards in order.
Step differentiate(const Network& network, const Tensors& parameters,
                   const std::vector<MaskedBatch>& parts, int threads) {
  std::int64_t scored = 0;
  for (const MaskedBatch& part : parts) scored += part.labels.ne(-100).sum().item<std::int64_t>();
  std::vector<at::Tensor> inputs;
  for (const auto& [name, tensor] : parameters) inputs.push_back(tensor);
  std::vector<std::vector<at::Tensor>> gradients(parts.size());
  std::vector<double> losses(parts.size());
  parallel_for(static_cast<std::int64_t>(parts.size()), threads, [&](std::int64_t i) {
    const auto k = static_cast<std::size_t>(i);
    const at::Tensor labels = parts[k].labels.flatten();
    const at::Tensor positions = labels.ne(-100).nonzero().squeeze(1);
    const at::Tensor hidden = network.encode(parameters, parts[k].batch).flatten(0, 1);
    const at::Tensor logits = network.token_logits(parameters, hidden.index_select(0, positions));
    const at::Tensor loss =
        at::cross_entropy_loss(logits, labels.index_select(0, positions), {}, at::Reduction::Sum) /
        static_cast<double>(scored);
    // The token types that no token has get no gradient.
    gradients[k] = torch::autograd::grad({loss}, inputs, {}, {}, false, true);
    losses[k] = loss.item<double>();
  });
  Step step;
  std::size_t j = 0;
  for (const auto& [name, tensor] : parameters) {
    at::Tensor sum = at::zeros_like(tensor);
    for (const auto& part : gradients) {
      if (part[j].defined()) sum += part[j];
    }
    step.gradients[name] = sum;
    ++j;
  }
  for (const double loss : losses) step.loss += loss;
  return step;
}

struct Progressed {
  std::int64_t step = 0;
  std::vector<TrainingPoint> curve;
};

// What makes two runs the same run.
nlohmann::json identity(const nlohmann::json& config, const PretrainOptions& o,
                        std::int64_t blocks) {
  return {{"config", config},   {"steps", o.steps},
          {"seed", o.seed},     {"batch_size", o.batch_size},
          {"block", o.block},   {"mask_probability", o.mask_probability},
          {"warmup", o.warmup}, {"learning_rate", o.learning_rate},
          {"clip", o.clip},     {"weight_decay", o.weight_decay},
          {"blocks", blocks}};
}

void save_state(const std::filesystem::path& file, const nlohmann::json& run,
                const Progressed& progressed, const Tensors& parameters,
                const Optimiser& optimiser) {
  nlohmann::json json = {
      {"run", run}, {"step", progressed.step}, {"curve", nlohmann::json::array()}};
  for (const TrainingPoint& p : progressed.curve)
    json["curve"].push_back({p.step, p.tokens, p.loss});
  const std::string text = json.dump();
  Tensors tensors = optimiser.state();
  for (const auto& [name, tensor] : parameters) tensors[name] = tensor.detach();
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(text.size())}, at::kByte);
  std::memcpy(bytes.data_ptr(), text.data(), text.size());
  tensors["run.json"] = bytes;
  write_safetensors(file, tensors);
}

Progressed load_state(const std::filesystem::path& file, const nlohmann::json& run,
                      Tensors& parameters, Optimiser& optimiser) {
  const Tensors tensors = read_safetensors(file);
  const auto bytes = tensors.find("run.json");
  nlohmann::json json;
  if (bytes != tensors.end() && bytes->second.scalar_type() == at::kByte) {
    const auto* text = bytes->second.data_ptr<std::uint8_t>();
    json = nlohmann::json::parse(text, text + bytes->second.numel(), nullptr, false);
  }
  require(json.is_object() && json.value("run", nlohmann::json()) == run,
          "{}: is the state of another training run; remove it to start afresh", file.string());
  for (auto& [name, parameter] : parameters) {
    const auto saved = tensors.find(name);
    require(saved != tensors.end() && saved->second.sizes() == parameter.sizes(),
            "{}: {} is missing; remove the file to start afresh", file.string(), name);
    const at::NoGradGuard no_grad;
    parameter.copy_(saved->second);
  }
  Progressed progressed{json.at("step"), {}};
  for (const auto& p : json.at("curve")) progressed.curve.push_back({p[0], p[1], p[2]});
  optimiser.restore(tensors, progressed.step);
  return progressed;
}

}  // namespace

Pretrained pretrain(const nlohmann::json& config, const WordPiece& tokenizer,
                    const std::vector<std::string>& lines, const PretrainOptions& options,
                    const std::filesystem::path& state, const TrainingLog& log) {
  require(options.steps > 0, "--steps is {}, expected at least 1", options.steps);
  require(options.batch_size > 0, "--batch-size is {}, expected at least 1", options.batch_size);
  const auto network = make_network(config);
  require(tokenizer.size() <= network->vocabulary_size(),
          "the vocabulary has {} tokens, but config.json's vocab_size is {}", tokenizer.size(),
          network->vocabulary_size());
  require(options.block <= network->max_positions(),
          "--block is {}, but config.json's max_position_embeddings is {}", options.block,
          network->max_positions());
  std::vector<Sequence> cut = token_blocks(lines, tokenizer, options.block, false);
  if (!cut.empty() && static_cast<std::int64_t>(cut.back().size()) < options.block) cut.pop_back();
  require(!cut.empty(), "the text does not fill one block of {} tokens", options.block);

  const nlohmann::json run = identity(config, options, static_cast<std::int64_t>(cut.size()));
  Blocks blocks(std::move(cut), options.seed);
  Tensors parameters = initialise_masked_model(config, options.seed).parameters;
  const auto warmup =
      static_cast<std::int64_t>(std::ceil(options.warmup * static_cast<double>(options.steps)));
  Optimiser optimiser(parameters, {options.learning_rate, options.weight_decay, options.clip,
                                   options.steps, warmup});
  Progressed progressed;
  if (std::filesystem::exists(state)) progressed = load_state(state, run, parameters, optimiser);

  double sum = 0;
  while (progressed.step < options.steps) {
    const std::int64_t step = progressed.step;
    Random masking = stream(options.seed, 2, step);
    std::vector<MaskedBatch> parts;
    std::vector<Sequence> ids, labels;
    const std::int64_t part = (options.batch_size + shards - 1) / shards;
    for (std::int64_t i = 0; i < options.batch_size; ++i) {
      ids.push_back(blocks[step * options.batch_size + i]);
      labels.push_back(mask_tokens(ids.back(), tokenizer, options.mask_probability, masking));
      if (static_cast<std::int64_t>(ids.size()) == part || i + 1 == options.batch_size) {
        parts.push_back(stack(ids, labels));
        ids.clear();
        labels.clear();
      }
    }
    const Step taken = differentiate(*network, parameters, parts, options.threads);
    require(std::isfinite(taken.loss), "the loss became {} at step {}; lower --learning-rate",
            taken.loss, step);
    optimiser.step(step, taken.gradients);
    sum += taken.loss;
    ++progressed.step;
    if (progressed.step % point_every == 0 || progressed.step == options.steps) {
      const std::int64_t since = (progressed.step - 1) % point_every + 1;
      progressed.curve.push_back({progressed.step,
                                  progressed.step * options.batch_size * options.block,
                                  sum / static_cast<double>(since)});
      sum = 0;
      if (log) log(progressed.curve.back(), options.steps);
    }
    // States are saved where the curve has a point, so that a resumed curve is the same.
    if (progressed.step % options.save_every == 0 && progressed.step % point_every == 0 &&
        progressed.step < options.steps) {
      save_state(state, run, progressed, parameters, optimiser);
    }
  }
  Pretrained result;
  for (auto& [name, parameter] : parameters) result.parameters[name] = parameter.detach();
  result.curve = std::move(progressed.curve);
  return result;
}

}  // namespace braid
