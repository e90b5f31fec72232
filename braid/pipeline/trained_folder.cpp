#include "braid/pipeline/trained_folder.h"

#include "braid/json/json_text.h"
#include "braid/models/model_card.h"
#include "braid/tasks/tasks.h"

namespace braid {
namespace {

using Json = nlohmann::json;

Json curve_json(const std::vector<TrainingPoint>& curve) {
  Json points = Json::array();
  for (const TrainingPoint& p : curve) {
    points.push_back({{"step", p.step}, {"tokens", p.tokens}, {"loss", p.loss}});
  }
  return points;
}

std::string pretrained_card(const Json& config, const PretrainOptions& o,
                            const Pretrained& trained) {
  const Family& family = find_family(config, "config.json");
  const bool causal = family.causal;
  const std::string masked = fmt::format(", {:.0f}% masked", 100 * o.mask_probability);
  std::string card = fmt::format(
      "# A {} trained by braid\n\n"
      "Trained from scratch by `braid pretrain`, seed {}: {} steps of {} sequences of {} tokens{}, "
      "last training loss {:.4f} nats per {} token. `training.json` has the curve.\n",
      family.classes.front().name, o.seed, trained.curve.back().step, o.batch_size, o.block,
      causal ? "" : masked, trained.curve.back().loss, causal ? "next" : "masked");
  if (const DevPoint* best = trained.best()) {
    card += fmt::format("\nBest on validation text, after {} steps: {:.4f} nats per token.\n",
                        best->step, best->score.loss);
  }
  return card;
}

Json dev_json(const std::vector<DevPoint>& points) {
  Json dev = Json::array();
  for (const DevPoint& point : points) {
    dev.push_back({{"step", point.step},
                   {"epoch", point.epoch},
                   {"loss", point.score.loss},
                   {"metrics", point.score.metrics}});
  }
  return dev;
}

std::string finetuned_card(const Finetuned& tuned, const FinetuneOptions& o) {
  std::string card = fmt::format(
      "# A {} classifier trained by braid\n\n"
      "Fine-tuned from `{}` by `braid finetune`: {} epochs, batches of {}, learning rate {}, seed "
      "{}, classifier drawn from seed {}. `training.json` has the curve.\n",
      tuned.task->title(), tuned.model.folder.string(), o.epochs, o.batch_size, o.learning_rate,
      o.seed, o.head_seed);
  if (const DevPoint* best = tuned.best()) {
    card +=
        fmt::format("\nOn dev, after {:.2f} epochs: loss {:.4f}", best->epoch, best->score.loss);
    for (const auto& [name, value] : best->score.metrics) {
      card += fmt::format(", {} {:.4f}", name, value);
    }
    card += ".\n";
  }
  return card;
}

}  // namespace

void write_pretrained(const std::filesystem::path& out, const Json& config,
                      const TokenizerFiles& tokenizer, const PretrainOptions& options,
                      const Pretrained& trained, const FolderOptions& folder) {
  Json training = {{"seed", options.seed}, {"curve", curve_json(trained.curve)}};
  if (!trained.dev.empty()) {
    training.update({{"dev", dev_json(trained.dev)}, {"best_step", trained.best_step}});
  }
  const Family& family = find_family(config, "config.json");
  const Parts parts = new_parts(family, family.classes.front(), config);
  Tensors tensors;
  for (const auto& [name, tensor] : trained.parameters) {
    tensors[stored_name(family, parts, name)] = tensor.to(folder.dtype);
  }
  Json written = config;
  written["architectures"] = {family.classes.front().name};  // the class that was trained
  written["dtype"] = dtype_name(folder.dtype);
  written.erase("torch_dtype");
  WriteOptions write;
  write.overwrite = folder.overwrite;
  write.files = {{"training.json", to_text(training, 1) + "\n"},
                 {"README.md", readme({pretrained_card(config, options, trained), {}})}};
  for (const auto& [name, content] : tokenizer) write.files[name] = content;
  write_checkpoint(out, written, tensors, {}, write);
}

void write_finetuned(const std::filesystem::path& out, const Finetuned& tuned,
                     const FinetuneOptions& options, bool overwrite) {
  const Json training = {{"seed", options.seed},
                         {"head_seed", options.head_seed},
                         {"curve", curve_json(tuned.curve)},
                         {"dev", dev_json(tuned.dev)},
                         {"best_step", tuned.best_step}};
  WriteOptions write;
  write.overwrite = overwrite;
  write.files = {
      {"training.json", to_text(training, 1) + "\n"},
      {"README.md", readme({finetuned_card(tuned, options), {tuned.model.folder}, "finetune"})}};
  // It returns labels now, not sentence embeddings.
  write.not_copied = {"modules.json", "config_sentence_transformers.json"};
  save_model(out, tuned.model, lazy(tuned.model.parameters), write);
}

}  // namespace braid
