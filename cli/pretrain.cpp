// braid pretrain: a BERT masked language model from scratch.
#include <spdlog/spdlog.h>

#include <fstream>

#include "braid/error.h"
#include "braid/text/lines.h"
#include "braid/text/train_vocabulary.h"
#include "braid/training/trained_folder.h"
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
  if (options.vocabulary != "train") return read_vocabulary(options.vocabulary);
  return train_word_pieces(lines, config_size(config, "vocab_size", 30522));
}

void run(const Options& options) {
  require(!fs::exists(options.out) || fs::is_empty(options.out) || options.overwrite,
          "{}: exists already; choose another -o, or --overwrite", options.out);
  const Json config = complete_config(read_json(options.config));
  for (const char* key : {"hidden_dropout_prob", "attention_probs_dropout_prob"}) {
    if (config[key] != 0.0)
      spdlog::warn("{} is {}: pretraining is done without dropout", key, config[key].dump());
  }
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
  const Pretrained result = pretrain(config, tokenizer, lines, training, state, training_log());
  static const std::map<std::string, at::ScalarType> dtypes = {
      {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"float16", at::kHalf}};
  write_pretrained(options.out, config, tokens, training, result, dtypes.at(options.save_dtype),
                   options.overwrite);
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
