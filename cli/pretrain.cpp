// braid pretrain: a language model from scratch: BERT's, masked, or GPT-2's, causal.
#include <spdlog/spdlog.h>

#include <fstream>

#include "braid/error.h"
#include "braid/tasks/tasks.h"
#include "braid/training/trained_folder.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

using Json = nlohmann::json;

struct Options {
  PretrainRequest request;
  std::string config, out, save_dtype = "float32";
  std::optional<std::int64_t> block;  // defaults differ by family
  std::optional<double> learning_rate, warmup;
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

TrainingLogs logs(const PretrainRequest& request, const std::string& out) {
  TrainingLogs logs;
  logs.start = [&](const TrainingStart& start) {
    const PretrainOptions& o = request.options;
    spdlog::info("{} tokens in {} sequences, vocabulary of {}, seed {}, {} steps of {} tokens",
                 grouped(start.tokens), grouped(start.sequences), grouped(start.vocabulary), o.seed,
                 grouped(o.steps), grouped(o.batch_size * o.block));
    if (start.resumed) spdlog::info("going on from {}", training_state(out).string());
  };
  logs.step = training_log();
  logs.dev = [](const DevPoint& point) {
    clear_progress();
    spdlog::info("step {}, epoch {:.1f}: validation loss {:.4f}", point.step, point.epoch,
                 point.score.loss);
  };
  return logs;
}

void run(const Options& options) {
  PretrainRequest request = options.request;
  request.config = complete_config(read_json(options.config));
  const PretrainOptions usual = pretrain_defaults(request.config);
  PretrainOptions& training = request.options;
  training.threads = options.compute.thread_count();
  training.block = options.block.value_or(usual.block);
  training.learning_rate = options.learning_rate.value_or(usual.learning_rate);
  training.warmup = options.warmup.value_or(usual.warmup);
  if (!token_task(request.config).is_causal()) {
    for (const char* key : {"hidden_dropout_prob", "attention_probs_dropout_prob"}) {
      if (request.config[key] != 0.0) {
        spdlog::warn("{} is {}: pretraining is done without dropout", key,
                     request.config[key].dump());
      }
    }
  }
  const Pretrained result =
      pretrain_folder(request, options.out, {find_dtype(options.save_dtype), options.overwrite},
                      logs(request, options.out));
  clear_progress();
  fmt::print("{}: trained on {} tokens, loss {:.4f}\n", options.out,
             grouped(result.curve.back().tokens), result.curve.back().loss);
  if (const DevPoint* best = result.best()) {
    fmt::print("best on {} at step {}: loss {:.4f}\n", request.valid, best->step, best->score.loss);
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
  PretrainRequest& r = options->request;
  PretrainOptions& t = r.options;
  command
      .add_option("--config", options->config,
                  "config.json of the model (BertConfig or GPT2Config)")
      ->required();
  command
      .add_option(
          "--vocab", r.vocabulary,
          "A vocab.txt, 'train' to learn one from the text, or a folder with a tokenizer (GPT-2)")
      ->required();
  command.add_option("--text", r.text, "Training text, a passage a line")->required();
  command.add_option("--restrict-vocab", r.restrict_to,
                     "Keep only the tokens that this text needs, numbered anew");
  command.add_option("--valid", r.valid, "Text to score on the way; the best parameters are kept");
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
  options->compute.add_to(command);
  command.callback([options] { run(*options); });
}

}  // namespace braid
