// `pretrain` and `finetune`: from files to a trained checkpoint folder. An interrupted run resumes
// from OUT.state.safetensors, which is removed once the folder is written.
#pragma once

#include "braid/training/finetune.h"
#include "braid/training/pretrain.h"

namespace braid {

struct PretrainRequest {
  nlohmann::json config;             // see complete_config
  std::string vocabulary = "train";  // see new_tokenizer
  std::string restrict_to;           // a text: keep only the tokens that it needs; empty: keep all
  std::string text, valid;           // `valid` may be empty
  // Unset: the defaults for the configuration.
  std::optional<std::int64_t> block;
  std::optional<double> learning_rate, warmup;
  PretrainOptions options;

  // With these filled in, in `options` as well.
  PretrainRequest resolved() const;
};

struct FinetuneRequest {
  std::filesystem::path checkpoint;        // of the encoder
  std::string task, data, dev;             // `dev` may be empty
  std::optional<std::int64_t> max_length;  // tokens per example; unset: up to 128
  std::vector<double> score_range;         // of a regression task; empty: the task's
  std::int64_t lines = 0;                  // of data; 0 = all
  FinetuneOptions options;
};

// The data of a training, before it starts.
struct TrainingStart {
  std::int64_t sequences = 0, tokens = 0, dev = 0;  // dev: sequences
  std::int64_t vocabulary = 0;
  std::int64_t skipped = 0;  // rows of the files
  bool resumed = false;
};

struct TrainingLogs {
  std::function<void(const TrainingStart&)> start;
  TrainingLog step;
  DevLog dev;
};

struct FolderOptions {
  at::ScalarType dtype = at::kFloat;  // of written weights; fine-tuned ones are float32
  bool overwrite = false;
};

// State file of a run that writes `out`.
std::filesystem::path training_state(const std::filesystem::path& out);

// Throw before training, naming the file or option, if something does not fit.
Pretrained pretrain_folder(const PretrainRequest& request, const std::filesystem::path& out,
                           const FolderOptions& folder = {}, const TrainingLogs& logs = {});
Finetuned finetune_folder(const FinetuneRequest& request, const std::filesystem::path& out,
                          const FolderOptions& folder = {}, const TrainingLogs& logs = {});

}  // namespace braid
