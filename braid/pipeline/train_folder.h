// From files to a trained checkpoint folder: what `pretrain` and `finetune` do. A run that was
// stopped goes on from OUT.state.safetensors, which is removed when the folder is there.
#pragma once

#include "braid/training/finetune.h"
#include "braid/training/pretrain.h"

namespace braid {

struct PretrainRequest {
  nlohmann::json config;             // see complete_config
  std::string vocabulary = "train";  // see new_tokenizer
  std::string restrict_to;  // a text: only the tokens that it needs are kept; empty: all of them
  std::string text, valid;  // `valid` may be empty
  // Where they are not given they are what is usual for the configuration.
  std::optional<std::int64_t> block;
  std::optional<double> learning_rate, warmup;
  PretrainOptions options;

  // With all of that, in `options` as well.
  PretrainRequest resolved() const;
};

struct FinetuneRequest {
  std::filesystem::path checkpoint;        // of the encoder
  std::string task, data, dev;             // `dev` may be empty
  std::optional<std::int64_t> max_length;  // tokens of an example; none: 128 at most
  std::vector<double> score_range;         // of a task with scores; empty: its own
  std::int64_t lines = 0;                  // of data; 0 = all
  FinetuneOptions options;
};

// What is about to be trained on.
struct TrainingStart {
  std::int64_t sequences = 0, tokens = 0, dev = 0;  // dev: sequences
  std::int64_t vocabulary = 0;
  std::int64_t skipped = 0;  // rows of the files that are left out
  bool resumed = false;
};

struct TrainingLogs {
  std::function<void(const TrainingStart&)> start;
  TrainingLog step;
  DevLog dev;
};

struct FolderOptions {
  at::ScalarType dtype = at::kFloat;  // of pretrained weights; fine-tuned ones are float32
  bool overwrite = false;
};

// Where a run towards `out` keeps what it has done.
std::filesystem::path training_state(const std::filesystem::path& out);

// Error naming the file or option where something does not fit, before anything is trained.
Pretrained pretrain_folder(const PretrainRequest& request, const std::filesystem::path& out,
                           const FolderOptions& folder = {}, const TrainingLogs& logs = {});
Finetuned finetune_folder(const FinetuneRequest& request, const std::filesystem::path& out,
                          const FolderOptions& folder = {}, const TrainingLogs& logs = {});

}  // namespace braid
