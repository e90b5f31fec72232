// braid finetune: a GLUE classifier on a pretrained encoder.
#include <spdlog/spdlog.h>

#include "braid/checkpoint/atomic_file.h"
#include "braid/error.h"
#include "braid/table.h"
#include "braid/training/trained_folder.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string checkpoint, task, data, dev, out, json;
  std::int64_t max_length = 128, lines = 0;
  FinetuneOptions training;
  Compute compute;
  bool overwrite = false;
};

LabelledText load(const Options& options, const std::string& file, const Model& model,
                  std::int64_t lines) {
  const Task& task = find_task(options.task);
  const LabelledLines rows = read_labelled_lines(task, file, lines);
  if (rows.skipped)
    spdlog::warn("{}: {} rows with too few columns are left out", file, rows.skipped);
  return encode(task, rows, WordPiece::from_folder(model.folder),
                std::min(options.max_length, model.network->max_positions()));
}

std::string describe(const Score& score) {
  std::string text = fmt::format("loss {:.4f}", score.loss);
  for (const auto& [name, value] : score.metrics) text += fmt::format(", {} {:.4f}", name, value);
  return text;
}

void run(const Options& options) {
  check_output_folder(options.out, options.overwrite);
  const Model model = load_model(options.checkpoint);
  const LabelledText data = load(options, options.data, model, options.lines);
  std::optional<LabelledText> dev;
  if (!options.dev.empty()) dev = load(options, options.dev, model, 0);
  require(options.training.patience == 0 || dev,
          "--patience stops by the score on --dev; give one");
  FinetuneOptions training = options.training;
  training.threads = options.compute.threads;
  training.precision = options.compute.dtype;
  spdlog::info("{}: {} examples, {} tokens{}", data.task->title, grouped(data.size()),
               grouped(data.tokens), dev ? fmt::format(", dev of {}", grouped(dev->size())) : "");
  const fs::path state = options.out + ".state.safetensors";
  if (fs::exists(state)) spdlog::info("going on from {}", state.string());
  const Finetuned tuned =
      finetune(model, data, dev, training, state, training_log(), [&](const DevPoint& point) {
        clear_progress();
        spdlog::info("epoch {:.2f}: dev {}", point.epoch, describe(point.score));
      });
  write_finetuned(options.out, tuned, training, options.overwrite);
  fs::remove(state);
  nlohmann::json json = {{"out", options.out},
                         {"task", options.task},
                         {"best_step", tuned.best_step},
                         {"loss", tuned.curve.back().loss}};
  std::string text = fmt::format("{}: trained on {} tokens, loss {:.4f}\n", options.out,
                                 grouped(tuned.curve.back().tokens), tuned.curve.back().loss);
  for (const DevPoint& point : tuned.dev) {
    if (point.step != tuned.best_step) continue;
    text += fmt::format("best on dev at step {}: {}\n", point.step, describe(point.score));
    json["dev"] = {{"loss", point.score.loss}, {"metrics", point.score.metrics}};
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
  FinetuneOptions& t = options->training;
  std::vector<std::string> tasks;
  for (const Task& task : glue_tasks()) tasks.push_back(task.name);
  command.add_option("CKPT", options->checkpoint, "Checkpoint folder of the encoder")->required();
  command.add_option("--task", options->task, "GLUE task")->required()->check(CLI::IsMember(tasks));
  command.add_option("--data", options->data, "Tab-separated training file")->required();
  command.add_option("--dev", options->dev, "Tab-separated file that is scored every epoch");
  command.add_option("-o,--out", options->out, "Checkpoint folder to write")->required();
  command.add_option("--seed", t.seed, "Of the order of examples and of dropout")
      ->capture_default_str();
  command.add_option("--head-seed", t.head_seed, "Of the classifier's initialisation")
      ->capture_default_str();
  command.add_option("--epochs", t.epochs, "Passes over the data")->capture_default_str();
  command.add_option("--lines", options->lines, "Only the first N rows of --data; 0 = all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--batch-size", t.batch_size, "Examples an update")->capture_default_str();
  command.add_option("--max-length", options->max_length, "Tokens of an example")
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
  add_compute(command, options->compute);
  command.add_option("--json", options->json, "Write the result as JSON; - = stdout");
  command.callback([options] { run(*options); });
}

}  // namespace braid
