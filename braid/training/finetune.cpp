#include "braid/training/finetune.h"

#include <algorithm>
#include <cmath>

#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"
#include "braid/notice.h"
#include "braid/training/initialise.h"
#include "braid/training/shuffled.h"
#include "braid/training/token_steps.h"

namespace braid {
namespace {

// Independent streams of a run's seed.
enum Purpose : std::uint64_t { order = 11, dropping = 12 };

nlohmann::json identity(const Model& start, const Examples& data, const FinetuneOptions& o,
                        std::int64_t steps, const std::optional<Examples>& dev) {
  return {{"start", fingerprint(start.parameters)},
          {"task", data.task->name()},
          {"examples", fingerprint(data.sequences)},
          {"steps", steps},
          {"seed", o.seed},
          {"head_seed", o.head_seed},
          {"batch_size", o.batch_size},
          {"learning_rate", o.learning_rate},
          {"warmup", o.warmup},
          {"weight_decay", o.weight_decay},
          {"clip", o.clip},
          {"dropout", o.dropout},
          {"patience", o.patience},
          {"precision", at::toString(o.compute.dtype)},
          {"dev", dev ? fingerprint(dev->sequences) : ""}};
}

}  // namespace

Model classifier_start(const Model& start, const Task& task, std::uint64_t head_seed) {
  const Family& family = *start.family;
  const ModelClass& kind = family.class_with(Predicts::label);
  nlohmann::json config = start.config;
  config["architectures"] = {kind.name};
  config["finetuning_task"] = task.name();
  const std::vector<std::string> labels = task.labels();
  nlohmann::json names = nlohmann::json::object(), ids = nlohmann::json::object();
  for (std::int64_t i = 0; i < task.outputs(); ++i) {
    const std::string label = labels.empty() ? "score" : labels[static_cast<std::size_t>(i)];
    names[std::to_string(i)] = label;
    ids[label] = i;
  }
  config.erase("num_labels");  // implied by the names
  config["id2label"] = names;
  config["label2id"] = ids;
  config["problem_type"] = labels.empty() ? "regression" : "single_label_classification";
  config["dtype"] = "float32";
  config.erase("torch_dtype");
  const Symmetries table = family.describe(config, new_parts(family, kind, config));
  Tensors parameters;  // of the stack and of the parts that are kept
  bool is_other = false;
  for (const auto& [name, tensor] : start.parameters) {
    const Part* part = part_of(family, start.parts, name);
    if (part && !kind.parts.contains(part->name)) continue;
    const bool fits = !part || !part->head ||
                      tensor.sizes() == at::IntArrayRef(table.shape(table.tensors.at(name)));
    is_other |= !fits;
    if (fits) parameters[name] = tensor;
  }
  if (is_other) {
    notice("{}: its classifier has {} outputs, but {} has {}; drawing a new one from `head-seed`",
           start.folder.string(), label_count(start.config), task.title(), task.outputs());
  }
  draw_missing(table, config, head_seed, parameters);
  return make_model(family, config, cast(parameters, at::kFloat), start.folder);
}

Finetuned finetune(const Model& start, const Examples& data, const std::optional<Examples>& dev,
                   const FinetuneOptions& options, const std::filesystem::path& state,
                   const TrainingLog& log, const DevLog& log_dev) {
  require(options.epochs > 0, "`epochs` is {}, expected more than 0", options.epochs);
  require(options.batch_size > 0, "`batch-size` is {}, expected at least 1", options.batch_size);
  require(options.dropout >= 0 && options.dropout < 1,
          "`dropout` is {}, expected at least 0 and less than 1", options.dropout);
  const Task& task = *data.task;
  Model model = classifier_start(start, task, options.head_seed);
  check_examples(model, data);
  if (dev) check_examples(model, *dev);
  const std::int64_t batch = options.batch_size;
  const std::int64_t steps_per_epoch = (data.size() + batch - 1) / batch;
  const auto steps =
      static_cast<std::int64_t>(std::ceil(options.epochs * static_cast<double>(steps_per_epoch)));
  const Network& network = *model.network;
  Shuffled examples(data.size(), options.seed, Purpose::order);
  TrainingRun run;
  run.identity = identity(start, data, options, steps, dev);
  run.optimiser = {options.learning_rate, options.weight_decay, options.clip, steps,
                   warmup_steps(options.warmup, steps)};
  run.save_every = options.save_every;
  run.compute = options.compute;
  run.log = log;
  run.parts = [&](std::int64_t step) {
    // The last batch of an epoch may be shorter.
    const std::int64_t epoch = step / steps_per_epoch, place = step % steps_per_epoch;
    const std::int64_t first = epoch * data.size() + place * batch;
    const std::int64_t count = std::min(batch, data.size() - place * batch);
    std::vector<std::size_t> chosen;
    for (std::int64_t i = 0; i < count; ++i) chosen.push_back(examples[first + i]);
    // Parts of similar lengths need less padding.
    std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t i, std::size_t j) {
      return data.sequences[i].size() < data.sequences[j].size();
    });
    Random seeds = random_stream(options.seed, Purpose::dropping, step);
    const std::int64_t part = (count + step_parts - 1) / step_parts;
    std::vector<StepPart> parts;
    for (std::int64_t begin = 0; begin < count; begin += part) {
      std::vector<TokenSequence> sequences;
      for (std::int64_t i = begin; i < std::min(begin + part, count); ++i) {
        sequences.push_back(data.sequences[chosen[static_cast<std::size_t>(i)]]);
      }
      const auto seed = static_cast<std::uint64_t>(seeds.below(std::int64_t{1} << 62));
      parts.push_back(example_part(network, task, sequences, count,
                                   {options.dropout, options.dropout}, seed, options.compute));
    }
    return parts;
  };
  if (dev) {
    Validation::Options watching = Validation::on(network, *dev, options.compute);
    watching.every = watching.steps_per_epoch = steps_per_epoch;
    watching.patience = options.patience;
    watching.log = log_dev;
    const Validation watch(std::move(watching));
    run.after = [watch, steps](TrainingState& s) { watch(s, s.step == steps); };
  }
  TrainingState trained = train(model.parameters, run, state);
  Validated best = take_best(trained);
  model.parameters = std::move(best.parameters);
  return {
      {std::move(trained.curve), std::move(best.points), best.best_step}, std::move(model), &task};
}

}  // namespace braid
