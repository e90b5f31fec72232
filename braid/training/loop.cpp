// A state file is a safetensors file: the parameters by name, the optimiser's moments
// (optimiser.cpp), the caller's kept tensors under a prefix, and a byte tensor with JSON: "run"
// (the run's identity), "step", "tokens", "notes", "stopped", "curve" (step, tokens, loss) and
// "since" (the loss summed since the curve's last point).
#include "braid/training/loop.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "braid/checkpoint/interrupt.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/parallel.h"

namespace braid {
namespace {

constexpr std::int64_t point_every = 50;
constexpr const char* record_name = "run.json";
constexpr const char* kept_prefix = "kept/";
constexpr const char* diverged = "step {}: {} became {}; lower `{}`";

struct Step {
  double loss = 0;
  Tensors gradients;
};

// The sum of the parts' losses and its gradient, added in order.
Step differentiate(const Tensors& parameters, const std::vector<StepPart>& parts, int threads) {
  std::vector<at::Tensor> inputs;
  for (const auto& [name, tensor] : parameters) inputs.push_back(tensor);
  std::vector<std::vector<at::Tensor>> gradients(parts.size());
  std::vector<double> losses(parts.size());
  parallel_for(static_cast<std::int64_t>(parts.size()), threads, [&](std::int64_t i) {
    const auto k = static_cast<std::size_t>(i);
    const at::Tensor loss = parts[k].loss(parameters);
    // Unused parameters (a token type, an untrained head) get no gradient.
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

// The same through a view: differentiates the parts with respect to the view, and the view once
// with respect to the parameters.
Step differentiate(const Tensors& parameters, const TrainingRun& run, std::int64_t step,
                   const std::vector<StepPart>& parts) {
  if (!run.view) return differentiate(parameters, parts, run.compute.threads);
  const Tensors seen = run.view(parameters, step);
  Tensors leaves;
  for (const auto& [name, tensor] : seen) leaves[name] = tensor.detach().requires_grad_(true);
  const Step at_leaves = differentiate(leaves, parts, run.compute.threads);
  std::vector<at::Tensor> inputs, outputs, cotangents;
  for (const auto& [name, tensor] : parameters) inputs.push_back(tensor);
  for (const auto& [name, tensor] : seen) {
    if (!tensor.requires_grad()) continue;
    outputs.push_back(tensor);
    cotangents.push_back(at_leaves.gradients.at(name));
  }
  const auto gradients = torch::autograd::grad(outputs, inputs, cotangents, {}, false, true);
  Step result{at_leaves.loss, {}};
  std::size_t i = 0;
  for (const auto& [name, tensor] : parameters) {
    result.gradients[name] = gradients[i].defined() ? gradients[i] : at::zeros_like(tensor);
    ++i;
  }
  return result;
}

void save_state(const std::filesystem::path& file, const nlohmann::json& identity,
                const TrainingState& state, const Optimiser& optimiser) {
  nlohmann::json json = {{"run", identity},
                         {"step", state.step},
                         {"tokens", state.tokens},
                         {"notes", state.notes},
                         {"stopped", state.stopped},
                         {"curve", nlohmann::json::array()},
                         {"since", state.loss_since_point}};
  for (const TrainingPoint& p : state.curve) json["curve"].push_back({p.step, p.tokens, p.loss});
  Tensors tensors = optimiser.state();
  for (const auto& [name, tensor] : state.parameters) tensors[name] = tensor.detach();
  for (const auto& [name, tensor] : state.kept) tensors[kept_prefix + name] = tensor;
  tensors[record_name] = json_tensor(json);
  write_safetensors(file, tensors);
}

void load_state(const std::filesystem::path& file, const nlohmann::json& identity,
                TrainingState& state, Optimiser& optimiser) {
  const Tensors tensors = read_safetensors(file);
  const auto record = tensors.find(record_name);
  const nlohmann::json json =
      json_from_tensor(record == tensors.end() ? at::Tensor() : record->second);
  require(json.is_object() && json.value("run", nlohmann::json()) == identity,
          "{}: state of another training run; remove the file to start over", file.string());
  const auto saved = [&](const std::string& name, const at::Tensor& like) {
    const auto found = tensors.find(name);
    require(found != tensors.end() && found->second.sizes() == like.sizes() &&
                found->second.scalar_type() == like.scalar_type(),
            "{}: incomplete state of a training run: {} is missing or has another shape; remove "
            "the file to start over",
            file.string(), printable(name));
    return found->second;
  };
  const c10::NoGradGuard no_grad;
  const bool keeps = std::any_of(tensors.begin(), tensors.end(), [](const auto& named) {
    return named.first.starts_with(kept_prefix);
  });
  for (auto& [name, parameter] : state.parameters) {
    parameter.copy_(saved(name, parameter));
    if (keeps) state.kept[name] = saved(kept_prefix + name, parameter).clone();
  }
  try {
    state.step = json.at("step");
    state.tokens = json.at("tokens");
    state.notes = json.at("notes");
    state.stopped = json.at("stopped");
    state.loss_since_point = json.at("since");
    for (const auto& p : json.at("curve")) state.curve.push_back({p.at(0), p.at(1), p.at(2)});
  } catch (const nlohmann::json::exception&) {
    fail("{}: incomplete state of a training run; remove the file to start over", file.string());
  }
  optimiser.restore(saved, state.step);
}

}  // namespace

Random random_stream(std::uint64_t seed, std::uint64_t purpose, std::int64_t number) {
  std::seed_seq mixed{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                      static_cast<std::uint32_t>(purpose), static_cast<std::uint32_t>(number),
                      static_cast<std::uint32_t>(number >> 32)};
  std::array<std::uint32_t, 2> words{};
  mixed.generate(words.begin(), words.end());
  return Random((std::uint64_t{words[1]} << 32) | words[0]);
}

TrainingState train(const Tensors& start, const TrainingRun& run,
                    const std::filesystem::path& file) {
  TrainingState state;
  for (const auto& [name, tensor] : start)
    state.parameters[name] = tensor.clone();  // may be mapped
  Optimiser optimiser(state.parameters, run.optimiser);
  if (std::filesystem::exists(file)) load_state(file, run.identity, state, optimiser);
  const std::int64_t steps = run.optimiser.steps;
  double& sum = state.loss_since_point;
  const PartialGuard to_be_kept;  // signals take effect after the step
  while (state.step < steps && !state.stopped) {
    const std::vector<StepPart> parts = run.parts(state.step);
    const Step taken = differentiate(state.parameters, run, state.step, parts);
    require(std::isfinite(taken.loss), diverged, state.step + 1, "the loss", taken.loss,
            run.rate_option);
    optimiser.step(state.step, taken.gradients);
    for (const auto& [name, tensor] : state.parameters) {
      require(all_finite(tensor.detach()), diverged, state.step + 1, name, "NaN or infinite",
              run.rate_option);
    }
    sum += taken.loss;
    ++state.step;
    for (const StepPart& part : parts) state.tokens += part.tokens;
    const bool point = state.step % point_every == 0;
    if (run.after) run.after(state);
    if (point || state.step == steps || state.stopped) {
      const std::int64_t since = (state.step - 1) % point_every + 1;
      state.curve.push_back({state.step, state.tokens, sum / static_cast<double>(since)});
      sum = 0;
      if (run.log) run.log(state.curve.back(), steps);
    }
    const bool save = run.save_every > 0 && state.step % run.save_every == 0;
    if (save && state.step < steps) save_state(file, run.identity, state, optimiser);
    if (interrupted()) {
      const LastWrite write;
      if (run.save_every > 0) save_state(file, run.identity, state, optimiser);
      throw Interrupted();
    }
  }
  for (auto& [name, parameter] : state.parameters) parameter = parameter.detach();
  return state;
}

}  // namespace braid
