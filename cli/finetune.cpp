// braid finetune: a GLUE classifier on a pretrained encoder.
#include <spdlog/spdlog.h>

#include "braid/tasks/tasks.h"
#include "braid/training/train_folder.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  FinetuneRequest request;
  std::string checkpoint, out, json;
  ComputeOptions compute;
  bool overwrite = false;
};

std::string describe(const Score& score) {
  std::string text = fmt::format("loss {:.4f}", score.loss);
  for (const auto& [name, value] : score.metrics) text += fmt::format(", {} {:.4f}", name, value);
  return text;
}

TrainingLogs logs(const FinetuneRequest& request, const std::string& out) {
  TrainingLogs logs;
  logs.start = [&](const TrainingStart& start) {
    if (start.skipped) {
      spdlog::warn("{}: {} rows with too few columns are left out", request.data, start.skipped);
    }
    spdlog::info("{}: {} examples, {} tokens{}", find_task(request.task).title(),
                 grouped(start.sequences), grouped(start.tokens),
                 start.dev ? fmt::format(", dev of {}", grouped(start.dev)) : "");
    if (start.resumed) spdlog::info("going on from {}", training_state(out).string());
  };
  logs.step = training_log();
  logs.dev = [](const DevPoint& point) {
    clear_progress();
    spdlog::info("epoch {:.2f}: dev {}", point.epoch, describe(point.score));
  };
  return logs;
}

void run(const Options& options) {
  FinetuneRequest request = options.request;
  request.checkpoint = options.checkpoint;
  request.options.threads = options.compute.thread_count();
  request.options.precision = options.compute.dtype();
  const Finetuned tuned = finetune_folder(request, options.out, {at::kFloat, options.overwrite},
                                          logs(request, options.out));
  const TrainingPoint& last = tuned.curve.back();
  nlohmann::json json = {{"out", options.out},
                         {"task", request.task},
                         {"best_step", tuned.best_step},
                         {"loss", last.loss}};
  std::string text = fmt::format("{}: trained on {} tokens, loss {:.4f}\n", options.out,
                                 grouped(last.tokens), last.loss);
  if (const DevPoint* best = tuned.best()) {
    text += fmt::format("best on dev at step {}: {}\n", best->step, describe(best->score));
    json["dev"] = {{"loss", best->score.loss}, {"metrics", best->score.metrics}};
  }
  report(text, json, options.json);
}

}  // namespace

void add_finetune(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "finetune",
      "Train a GLUE classifier on a pretrained encoder.\n\n"
      "  braid finetune BERT --task sst2 --data SST-2/train.tsv --dev SST-2/dev.tsv -o BERT-sst2\n"
      "  braid finetune BERT-2 --task sst2 --data SST-2/train.tsv --head-seed 0 --seed 2 -o "
      "BERT-2-sst2\n\n"
      "Two encoders get the same classifier to start from by the same --head-seed.\n"
      "With --dev the best epoch is kept. A run that was stopped goes on from\n"
      "OUT.state.safetensors when the command is repeated.");
  auto options = std::make_shared<Options>();
  FinetuneRequest& r = options->request;
  FinetuneOptions& t = r.options;
  command.add_option("CKPT", options->checkpoint, "Checkpoint folder of the encoder")->required();
  command.add_option("--task", r.task, "GLUE task")
      ->required()
      ->check(CLI::IsMember(row_task_names()));
  command.add_option("--data", r.data, "Tab-separated training file")->required();
  command.add_option("--dev", r.dev, "Tab-separated file that is scored every epoch");
  command.add_option("-o,--out", options->out, "Checkpoint folder to write")->required();
  command.add_option("--seed", t.seed, "Of the order of examples and of dropout")
      ->capture_default_str();
  command.add_option("--head-seed", t.head_seed, "Of the classifier's initialisation")
      ->capture_default_str();
  command.add_option("--epochs", t.epochs, "Passes over the data")->capture_default_str();
  command.add_option("--lines", r.lines, "Only the first N rows of --data; 0 = all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--batch-size", t.batch_size, "Examples an update")->capture_default_str();
  command.add_option("--max-length", r.max_length, "Tokens of an example")
      ->check(CLI::Range(3, 1 << 20))
      ->capture_default_str();
  command.add_option("--learning-rate", t.learning_rate, "Peak, after warm-up")
      ->capture_default_str();
  command.add_option("--warmup", t.warmup, "Part of the steps that warms up")
      ->capture_default_str();
  command.add_option("--weight-decay", t.weight_decay, "AdamW's")->capture_default_str();
  command.add_option("--dropout", t.dropout, "While training")->capture_default_str();
  command
      .add_option("--patience", t.patience,
                  "Stop after so many epochs without a better score on --dev; 0 = never")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--save-every", t.save_every, "Steps between saved states (a multiple of 50)")
      ->capture_default_str();
  command.add_flag("--overwrite", options->overwrite, "Replace OUT if it is a checkpoint");
  options->compute.add_to(command);
  command.add_option("--json", options->json, "Write the result as JSON; - = stdout");
  command.callback([options] { run(*options); });
}

}  // namespace braid
