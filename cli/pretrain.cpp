// braid pretrain: trains a masked (BERT) or causal (GPT-2) language model from scratch.
#include "braid/checkpoint/mapped_file.h"
#include "braid/families/families.h"
#include "braid/json/json_text.h"
#include "braid/pipeline/train_options.h"
#include "braid/table.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  PretrainRequest request;
  std::string config, out, save_dtype = "float32";
  Compute compute;
  bool overwrite = false;
};

TrainingLogs logs(const PretrainRequest& request, const std::string& out) {
  TrainingLogs logs;
  logs.start = [&](const TrainingStart& start) {
    const PretrainOptions& o = request.options;
    log_line(fmt::format(
        "{} tokens in {} sequences, vocabulary of {}, seed {}, {} steps of {} sequences",
        grouped(start.tokens), grouped(start.sequences), grouped(start.vocabulary), o.seed,
        grouped(o.steps), grouped(o.batch_size)));
    if (start.resumed) log_line(fmt::format("resuming from {}", training_state(out).string()));
  };
  logs.step = training_log();
  logs.dev = terminal_listener().scoring;
  return logs;
}

OptionList options_of(Options& options) {
  OptionList list;
  list.add("config", options.config,
           "config.json of a model that reads tokens: BERT, GPT-2, LLaMA, ... (docs/families.md); "
           "unspecified dropout is 0")
      .as(Use::input)
      .needed();
  list_out(list, options.out, options.overwrite).keeping({"state"});
  list.append(options_of(options.request));
  list.add("save-dtype", options.save_dtype, "Dtype of the written weights")
      .one_of({"float32", "bfloat16", "float16"});
  list_threads(list, options.compute);
  return list;
}

void run(Options& options) {
  PretrainRequest& request = options.request;
  request.config =
      complete_config(parse_json(MappedFile::open(options.config)->bytes(), options.config));
  request.options.compute.threads = options.compute.threads;
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
      "Train a language model from scratch: BERT on masked tokens, GPT-2 on next tokens.\n\n"
      "  braid pretrain --config config.json --vocab train --text kjv.txt --steps 6000 --seed 1 -o "
      "bert-1\n"
      "  braid pretrain --config gpt2.json --vocab GPT2 --restrict-vocab all.txt --text train.txt "
      "--valid valid.txt --steps 800 --patience 5 --seed 1 -o gpt2-1\n\n"
      "Repeat the command to resume a stopped run from OUT.state.safetensors.");
  add_command(command, std::make_shared<Options>(), run);
  for (const char* name : {"--vocab", "--text", "--steps", "--seed"}) {
    command.get_option(name)->required();
  }
}

}  // namespace braid
