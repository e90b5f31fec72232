// braid pretrain: a language model from scratch: BERT's, masked, or GPT-2's, causal.
#include <spdlog/spdlog.h>

#include <fstream>

#include "braid/checkpoint/atomic_file.h"
#include "braid/error.h"
#include "braid/table.h"
#include "braid/text/lines.h"
#include "braid/text/train_vocabulary.h"
#include "braid/training/causal_run.h"
#include "braid/training/trained_folder.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Options {
  std::string config, vocabulary, restrict_to, text, valid, out, save_dtype = "float32";
  PretrainOptions training;
  std::optional<std::int64_t> block;  // defaults differ by family
  std::optional<double> learning_rate, warmup;
  Compute compute;
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
  return train_word_pieces(lines, make_network(config)->vocabulary_size());
}

// What either kind of training hands on.
struct Trained {
  Json config;
  Pretrained result;
  TokenizerFiles tokenizer;
};

void announce(const std::string& text, std::int64_t vocabulary, const PretrainOptions& training) {
  spdlog::info("{}, vocabulary of {}, seed {}, {} steps of {} tokens", text, grouped(vocabulary),
               training.seed, grouped(training.steps),
               grouped(training.batch_size * training.block));
}

Trained train_masked(const Options& options, const Json& config, const PretrainOptions& training,
                     const fs::path& state) {
  require(options.valid.empty() && options.restrict_to.empty(),
          "--valid and --restrict-vocab are for GPT-2");
  for (const char* key : {"hidden_dropout_prob", "attention_probs_dropout_prob"}) {
    if (config[key] != 0.0)
      spdlog::warn("{} is {}: pretraining is done without dropout", key, config[key].dump());
  }
  const std::vector<std::string> lines = read_lines(options.text);
  const std::vector<std::string> tokens = vocabulary(options, config, lines);
  const WordPiece tokenizer = WordPiece::from_vocabulary(tokens);
  announce(grouped(std::ssize(lines)) + " lines", tokenizer.size(), training);
  return {config, pretrain(config, tokenizer, lines, training, state, training_log()),
          word_piece_files(tokens)};
}

Trained train_causal(const Options& options, const Json& config, const PretrainOptions& training,
                     const fs::path& state) {
  require(options.valid.empty() ? training.patience == 0 : true,
          "--patience stops by the loss on --valid; give one");
  CausalRun run = read_causal_run(config, options.vocabulary, options.text,
                                  {options.restrict_to, options.valid}, training.block);
  announce(grouped(std::ssize(run.ids)) + " tokens", run.tokenizer.size(), training);
  const auto log_dev = [](const DevPoint& point) {
    clear_progress();
    spdlog::info("step {}, epoch {:.1f}: validation loss {:.4f}", point.step, point.epoch,
                 point.score.loss);
  };
  Pretrained result =
      pretrain_causal(run.config, run.ids, run.valid, training, state, training_log(), log_dev);
  return {std::move(run.config), std::move(result), run.tokenizer.files()};
}

void run(const Options& options) {
  check_output_folder(options.out, options.overwrite);
  const Json config = complete_config(read_json(options.config));
  const bool causal = is_causal(config);
  const PretrainOptions usual = causal ? causal_defaults() : PretrainOptions{};
  PretrainOptions training = options.training;
  training.threads = options.compute.threads;
  training.block = options.block.value_or(usual.block);
  training.learning_rate = options.learning_rate.value_or(usual.learning_rate);
  training.warmup = options.warmup.value_or(usual.warmup);
  const fs::path state = options.out + ".state.safetensors";
  if (fs::exists(state)) spdlog::info("going on from {}", state.string());
  const Trained trained = causal ? train_causal(options, config, training, state)
                                 : train_masked(options, config, training, state);
  const Pretrained& result = trained.result;
  static const std::map<std::string, at::ScalarType> dtypes = {
      {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"float16", at::kHalf}};
  write_pretrained(options.out, trained.config, trained.tokenizer, training, result,
                   dtypes.at(options.save_dtype), options.overwrite);
  fs::remove(state);
  clear_progress();
  fmt::print("{}: trained on {} tokens, loss {:.4f}\n", options.out,
             grouped(result.curve.back().tokens), result.curve.back().loss);
  for (const DevPoint& point : result.dev) {
    if (point.step != result.best_step) continue;
    fmt::print("best on {} at step {}: loss {:.4f}\n", options.valid, point.step, point.score.loss);
  }
}

}  // namespace

void add_pretrain(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "pretrain",
      "Train a language model from scratch: BERT's on masked tokens, GPT-2's on next tokens.\n\n"
      "  braid pretrain --config config.json --vocab train --text kjv.txt --steps 6000 --seed 1 -o "
      "bert-1\n"
      "  braid pretrain --config gpt2.json --vocab GPT2 --restrict-vocab all.txt --text train.txt "
      "--valid valid.txt --steps 800 --patience 5 --seed 1 -o gpt2-1\n\n"
      "A run that was stopped goes on from OUT.state.safetensors when the command is repeated.");
  auto options = std::make_shared<Options>();
  PretrainOptions& t = options->training;
  command
      .add_option("--config", options->config,
                  "config.json of the model (BertConfig or GPT2Config)")
      ->required();
  command
      .add_option(
          "--vocab", options->vocabulary,
          "BERT: vocab.txt, or 'train' to learn one from the text. GPT-2: a folder with its "
          "tokenizer")
      ->required();
  command.add_option("--text", options->text, "Training text, a passage a line")->required();
  command.add_option("--restrict-vocab", options->restrict_to,
                     "GPT-2: keep only the tokens that this text needs, numbered anew");
  command.add_option("--valid", options->valid,
                     "GPT-2: text to score on the way; the best parameters are kept");
  command.add_option("--evaluate-every", t.evaluate_every, "Steps between scores on --valid")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--patience", t.patience,
                  "Stop after so many scores without a better one; 0 = never")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--steps", t.steps, "Updates")->required();
  command.add_option("--seed", t.seed, "Of everything that is drawn")->required();
  command.add_option("-o,--out", options->out, "Checkpoint folder to write")->required();
  command.add_option("--batch-size", t.batch_size, "Sequences an update")->capture_default_str();
  command.add_option("--block", options->block, "Tokens a sequence")->default_str("64, GPT-2 256");
  command.add_option("--mask-probability", t.mask_probability, "Of each ordinary token")
      ->capture_default_str();
  command.add_option("--learning-rate", options->learning_rate, "Peak, after warm-up")
      ->default_str("1.5e-3, GPT-2 3e-4");
  command.add_option("--warmup", options->warmup, "Part of the steps that warms up")
      ->default_str("0.06, GPT-2 0.05");
  command.add_option("--weight-decay", t.weight_decay, "AdamW's")->capture_default_str();
  command.add_option("--save-every", t.save_every, "Steps between saved states (a multiple of 50)")
      ->capture_default_str();
  command.add_option("--save-dtype", options->save_dtype, "Of the written weights")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}))
      ->capture_default_str();
  command.add_flag("--overwrite", options->overwrite, "Replace OUT if it is a checkpoint");
  add_compute(command, options->compute);
  command.callback([options] { run(*options); });
}

}  // namespace braid
