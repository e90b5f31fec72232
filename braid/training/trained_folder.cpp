#include "braid/training/trained_folder.h"

#include <fstream>

#include "braid/error.h"
#include "braid/tasks/glue.h"

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

std::string pretrained_card(const PretrainOptions& o, const Pretrained& trained) {
  return fmt::format(
      "# A BERT masked language model trained by braid\n\n"
      "Trained from scratch by `braid pretrain`, seed {}: {} steps of {} sequences of {} tokens, "
      "{:.0f}% masked, last training loss {:.4f} nats per masked token. `training.json` has the "
      "curve.\n",
      o.seed, o.steps, o.batch_size, o.block, 100 * o.mask_probability, trained.curve.back().loss);
}

std::string finetuned_card(const Finetuned& tuned, const FinetuneOptions& o) {
  const Task& task = find_task(tuned.model.config.at("finetuning_task"));
  std::string card = fmt::format(
      "# A {} classifier trained by braid\n\n"
      "Fine-tuned from `{}` by `braid finetune`: {} epochs, batches of {}, learning rate {}, seed "
      "{}, classifier drawn from seed {}. `training.json` has the curve.\n",
      task.title, tuned.model.folder.string(), o.epochs, o.batch_size, o.learning_rate, o.seed,
      o.head_seed);
  for (const DevPoint& point : tuned.dev) {
    if (point.step != tuned.best_step) continue;
    card +=
        fmt::format("\nOn dev, after {:.2f} epochs: loss {:.4f}", point.epoch, point.score.loss);
    for (const auto& [name, value] : point.score.metrics) {
      card += fmt::format(", {} {:.4f}", name, value);
    }
    card += ".\n";
  }
  return card;
}

}  // namespace

Json complete_config(Json config) {
  const Json defaults = {{"model_type", "bert"},       {"architectures", {"BertForMaskedLM"}},
                         {"hidden_act", "gelu"},       {"layer_norm_eps", 1e-12},
                         {"type_vocab_size", 2},       {"pad_token_id", 0},
                         {"hidden_dropout_prob", 0.0}, {"attention_probs_dropout_prob", 0.0},
                         {"initializer_range", 0.02},  {"tie_word_embeddings", true}};
  for (const auto& [key, value] : defaults.items()) {
    if (!config.contains(key)) config[key] = value;
  }
  return config;
}

std::vector<std::string> read_vocabulary(const std::filesystem::path& path) {
  std::vector<std::string> tokens;
  std::ifstream file(path);
  require(file.good(), "{}: cannot be opened; give a vocab.txt, or 'train' to learn one",
          path.string());
  for (std::string token; std::getline(file, token);) {
    if (token.ends_with('\r')) token.pop_back();
    tokens.push_back(token);
  }
  return tokens;
}

void write_pretrained(const std::filesystem::path& out, const Json& config,
                      const std::vector<std::string>& vocabulary, const PretrainOptions& options,
                      const Pretrained& trained, at::ScalarType dtype, bool overwrite) {
  std::string words;
  for (const std::string& token : vocabulary) words += token + "\n";
  const Json tokenizer = {{"do_lower_case", true},         {"tokenizer_class", "BertTokenizer"},
                          {"cls_token", "[CLS]"},          {"sep_token", "[SEP]"},
                          {"pad_token", "[PAD]"},          {"unk_token", "[UNK]"},
                          {"mask_token", "[MASK]"},        {"strip_accents", nullptr},
                          {"tokenize_chinese_chars", true}};
  const Json training = {{"seed", options.seed}, {"curve", curve_json(trained.curve)}};
  const Architecture& family = find_architecture(config, "config.json");
  Tensors tensors;
  for (const auto& [name, tensor] : trained.parameters) {
    tensors[stored_name(family, name)] = tensor.to(dtype);
  }
  Json written = config;
  written["dtype"] = dtype == at::kBFloat16 ? "bfloat16"
                     : dtype == at::kHalf   ? "float16"
                                            : "float32";
  WriteOptions write;
  write.overwrite = overwrite;
  write.files = {{"vocab.txt", words},
                 {"tokenizer_config.json", tokenizer.dump(2) + "\n"},
                 {"training.json", training.dump(1) + "\n"},
                 {"README.md", pretrained_card(options, trained)}};
  write_checkpoint(out, written, tensors, {}, write);
}

void write_finetuned(const std::filesystem::path& out, const Finetuned& tuned,
                     const FinetuneOptions& options, bool overwrite) {
  Json dev = Json::array();
  for (const DevPoint& point : tuned.dev) {
    dev.push_back({{"step", point.step},
                   {"epoch", point.epoch},
                   {"loss", point.score.loss},
                   {"metrics", point.score.metrics}});
  }
  const Json training = {{"seed", options.seed},
                         {"head_seed", options.head_seed},
                         {"curve", curve_json(tuned.curve)},
                         {"dev", dev},
                         {"best_step", tuned.best_step}};
  WriteOptions write;
  write.overwrite = overwrite;
  write.files = {{"training.json", training.dump(1) + "\n"},
                 {"README.md", finetuned_card(tuned, options)}};
  save_model(out, tuned.model, tuned.model.parameters, write);
}

}  // namespace braid
