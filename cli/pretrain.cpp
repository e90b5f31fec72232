// braid pretrain: a BERT masked language model from scratch.
#include "braid/training/pretrain.h"

#include <spdlog/spdlog.h>

#include <fstream>

#include "braid/checkpoint/checkpoint.h"
#include "braid/connectivity/evaluate.h"
#include "braid/error.h"
#include "braid/text/lines.h"
#include "braid/text/train_vocabulary.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Options {
  std::string config, vocabulary, text, out, save_dtype = "float32";
  PretrainOptions training;
  ComputeOptions compute;
  bool overwrite = false;
};

Json read_json(const std::string& path) {
  std::ifstream file(path);
  require(file.good(), "{}: cannot be opened", path);
  Json json = Json::parse(file, nullptr, false);
  require(json.is_object(), "{}: is not a JSON object", path);
  return json;
}

std::vector<std::string> vocabulary(const Options& options, const Json& config,
                                    const std::vector<std::string>& lines) {
  if (options.vocabulary != "train") {
    std::vector<std::string> tokens;
    std::ifstream file(options.vocabulary);
    require(file.good(), "{}: cannot be opened; give a vocab.txt, or 'train' to learn one",
            options.vocabulary);
    for (std::string token; std::getline(file, token);) {
      if (token.ends_with('\r')) token.pop_back();
      tokens.push_back(token);
    }
    return tokens;
  }
  return train_word_pieces(lines, config_size(config, "vocab_size", 30522));
}

// What Hugging Face's config.json has that a hand-written one may leave out.
Json complete_config(Json config) {
  const Json defaults = {{"model_type", "bert"},       {"architectures", {"BertForMaskedLM"}},
                         {"hidden_act", "gelu"},       {"layer_norm_eps", 1e-12},
                         {"type_vocab_size", 2},       {"pad_token_id", 0},
                         {"hidden_dropout_prob", 0.0}, {"attention_probs_dropout_prob", 0.0},
                         {"initializer_range", 0.02},  {"tie_word_embeddings", true}};
  for (const auto& [key, value] : defaults.items()) {
    if (!config.contains(key)) config[key] = value;
  }
  for (const char* key : {"hidden_dropout_prob", "attention_probs_dropout_prob"}) {
    if (config[key] != 0.0)
      spdlog::warn("{} is {}: pretraining is done without dropout", key, config[key].dump());
  }
  return config;
}

std::string card(const Options& options, const std::vector<TrainingPoint>& curve) {
  return fmt::format(
      "# A BERT masked language model trained by braid\n\n"
      "Trained from scratch by `braid pretrain`, seed {}: {} steps of {} sequences of {} tokens, "
      "{:.0f}% "
      "masked, last training loss {:.4f} nats per masked token. `training.json` has the curve.\n",
      options.training.seed, options.training.steps, options.training.batch_size,
      options.training.block, 100 * options.training.mask_probability, curve.back().loss);
}

// What makes the folder usable: tokenizer, card, curve.
std::map<std::string, std::string> files_beside(const Options& options,
                                                const std::vector<std::string>& tokens,
                                                const std::vector<TrainingPoint>& curve) {
  std::string vocabulary;
  for (const std::string& token : tokens) vocabulary += token + "\n";
  Json points = Json::array();
  for (const TrainingPoint& p : curve) {
    points.push_back({{"step", p.step}, {"tokens", p.tokens}, {"loss", p.loss}});
  }
  const Json tokenizer = {{"do_lower_case", true},         {"tokenizer_class", "BertTokenizer"},
                          {"cls_token", "[CLS]"},          {"sep_token", "[SEP]"},
                          {"pad_token", "[PAD]"},          {"unk_token", "[UNK]"},
                          {"mask_token", "[MASK]"},        {"strip_accents", nullptr},
                          {"tokenize_chinese_chars", true}};
  const Json training = {{"seed", options.training.seed}, {"curve", points}};
  return {{"vocab.txt", vocabulary},
          {"tokenizer_config.json", tokenizer.dump(2) + "\n"},
          {"training.json", training.dump(1) + "\n"},
          {"README.md", card(options, curve)}};
}

void run(const Options& options) {
  require(!fs::exists(options.out) || fs::is_empty(options.out) || options.overwrite,
          "{}: exists already; choose another -o, or --overwrite", options.out);
  const Json config = complete_config(read_json(options.config));
  const std::vector<std::string> lines = read_lines(options.text);
  const std::vector<std::string> tokens = vocabulary(options, config, lines);
  const WordPiece tokenizer = WordPiece::from_vocabulary(tokens);
  PretrainOptions training = options.training;
  training.threads = options.compute.thread_count();
  spdlog::info("{} lines, vocabulary of {}, seed {}, {} steps of {} tokens",
               grouped(std::ssize(lines)), tokenizer.size(), training.seed, grouped(training.steps),
               grouped(training.batch_size * training.block));

  const fs::path state = options.out + ".state.safetensors";
  if (fs::exists(state)) spdlog::info("going on from {}", state.string());
  const Progress progress = terminal_progress("steps");
  std::int64_t next_line = 0;
  const Pretrained result =
      pretrain(config, tokenizer, lines, training, state,
               [&](const TrainingPoint& point, std::int64_t steps) {
                 if (point.step >= next_line || point.step == steps) {
                   clear_progress();
                   spdlog::info("step {} of {}, {} tokens, loss {:.4f}", point.step, steps,
                                grouped(point.tokens), point.loss);
                   next_line = point.step + steps / 20;
                 }
                 progress("training", point.step, steps);
               });

  Tensors tensors;
  const at::ScalarType dtype = options.save_dtype == "bfloat16"  ? at::kBFloat16
                               : options.save_dtype == "float16" ? at::kHalf
                                                                 : at::kFloat;
  const Architecture& family = find_architecture(config, options.config);
  for (const auto& [name, tensor] : result.parameters) {
    tensors[(name.starts_with("cls.") ? "" : family.prefix) + name] = tensor.to(dtype);
  }
  Json written = config;
  written["dtype"] = options.save_dtype;
  WriteOptions write;
  write.files = files_beside(options, tokens, result.curve);
  write.overwrite = options.overwrite;
  write_checkpoint(options.out, written, tensors, {}, write);
  fs::remove(state);
  clear_progress();
  fmt::print("{}: trained on {} tokens, loss {:.4f}\n", options.out,
             grouped(result.curve.back().tokens), result.curve.back().loss);
}

}  // namespace

void add_pretrain(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "pretrain",
      "Train a BERT masked language model from scratch.\n\n"
      "  braid pretrain --config config.json --vocab train --text kjv.txt --steps 6000 --seed 1 -o "
      "bert-1\n\n"
      "A run that was stopped goes on from OUT.state.safetensors when the command is repeated.");
  auto options = std::make_shared<Options>();
  PretrainOptions& t = options->training;
  command.add_option("--config", options->config, "config.json of the model (BertConfig)")
      ->required();
  command
      .add_option("--vocab", options->vocabulary,
                  "vocab.txt, or 'train' to learn one from the text")
      ->required();
  command.add_option("--text", options->text, "Training text, a passage a line")->required();
  command.add_option("--steps", t.steps, "Updates")->required();
  command.add_option("--seed", t.seed, "Of everything that is drawn")->required();
  command.add_option("-o,--out", options->out, "Checkpoint folder to write")->required();
  command.add_option("--batch-size", t.batch_size, "Sequences an update")->capture_default_str();
  command.add_option("--block", t.block, "Tokens a sequence")->capture_default_str();
  command.add_option("--mask-probability", t.mask_probability, "Of each ordinary token")
      ->capture_default_str();
  command.add_option("--learning-rate", t.learning_rate, "Peak, after warm-up")
      ->capture_default_str();
  command.add_option("--warmup", t.warmup, "Part of the steps that warms up")
      ->capture_default_str();
  command.add_option("--weight-decay", t.weight_decay, "AdamW's")->capture_default_str();
  command.add_option("--save-every", t.save_every, "Steps between saved states (a multiple of 50)")
      ->capture_default_str();
  command.add_option("--save-dtype", options->save_dtype, "Of the written weights")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}))
      ->capture_default_str();
  command.add_flag("--overwrite", options->overwrite, "Replace OUT if it is a checkpoint");
  options->compute.add_to(command);
  command.callback([options] { run(*options); });
}

}  // namespace braid
