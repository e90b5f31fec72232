#include "braid/training/validation.h"

namespace braid {

const DevPoint* TrainingRecord::best() const {
  for (const DevPoint& point : dev) {
    if (point.step == best_step) return &point;
  }
  return nullptr;
}

Validation::Options Validation::on(const Network& network, const Examples& examples,
                                   const Compute& compute) {
  Options options;
  options.measure = [&network, &examples, compute](const Tensors& parameters) {
    return evaluate(network, parameters, examples, compute);
  };
  options.value = [&task = *examples.task](const Score& score) { return task.value(score); };
  return options;
}

void Validation::operator()(TrainingState& state, bool last) const {
  if (!last && state.step % options_.every != 0) return;
  Tensors parameters;
  for (const auto& [name, tensor] : state.parameters) parameters[name] = tensor.detach();
  DevPoint point;
  point.step = state.step;
  point.tokens = state.tokens;
  point.epoch = static_cast<double>(state.step) / static_cast<double>(options_.steps_per_epoch);
  point.score = options_.measure(parameters);
  if (state.notes.is_null()) state.notes = {{"dev", nlohmann::json::array()}};
  state.notes["dev"].push_back({{"step", point.step},
                                {"tokens", point.tokens},
                                {"epoch", point.epoch},
                                {"loss", point.score.loss},
                                {"metrics", point.score.metrics},
                                {"scored", point.score.scored}});
  const double value = options_.value(point.score);
  if (!state.notes.contains("best") || value > state.notes["best"].get<double>()) {
    state.notes["best"] = value;
    state.notes["best_step"] = state.step;
    for (const auto& [name, tensor] : parameters) state.kept[name] = tensor.clone();
  }
  const std::int64_t since =
      (state.step - state.notes["best_step"].get<std::int64_t>()) / options_.every;
  state.stopped = options_.patience > 0 && since >= options_.patience;
  if (options_.log) options_.log(point);
}

Validated take_best(TrainingState& state) {
  if (state.notes.is_null()) return {std::move(state.parameters), state.step, {}};
  Validated validated{std::move(state.kept), state.notes["best_step"], {}};
  for (const auto& json : state.notes["dev"]) {
    validated.points.push_back({json["step"],
                                json["tokens"],
                                json["epoch"],
                                {json["loss"], json["metrics"], json["scored"]}});
  }
  return validated;
}

}  // namespace braid
