// Study: pairs of models x variants of alignment x tasks (x amounts of text), as one YAML file
// describes them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "braid/alignment/align_request.h"
#include "braid/connectivity/barrier.h"
#include "braid/connectivity/score_request.h"
#include "braid/methods/learn_request.h"
#include "braid/training/causal_run.h"
#include "braid/training/finetune.h"

namespace braid {

// A checkpoint folder, or a seed of the study's pretraining.
struct StudyModel {
  std::string name;
  std::filesystem::path folder;  // empty: trained
  std::uint64_t seed = 0;
};

struct StudyPretraining {
  nlohmann::json config;   // BertConfig or GPT2Config
  std::string vocabulary;  // BERT: vocab.txt, or "train"; GPT-2: a folder with a tokenizer
  std::filesystem::path text;
  CausalFiles causal;       // more of GPT-2's
  PretrainOptions options;  // `seed` is each model's
};

struct StudyFinetuning {
  std::filesystem::path data;
  std::int64_t lines = 0;
  std::int64_t max_length = 128;
  FinetuneOptions options;
};

// What alignment reads: a text, or a task's training set.
struct StudyText {
  std::filesystem::path file;
  std::string task;  // empty: lines of text
  std::int64_t max_length = 512;
  bool blocks = false;  // of max_length tokens, rather than lines
};

struct StudyTask {
  std::string name;  // mlm, clm, or a GLUE task
  ScoreRequest score;
  StudyText align;
  std::optional<StudyFinetuning> finetuning;  // models are fine-tuned first
};

struct StudyVariant {
  std::string name;
  bool aligned = true;  // false: the plain average
  AlignRequest align;
  LearnRequest learning;  // on the task's alignment text
  Decoder decoder = Decoder::tied;
  nlohmann::json published;  // by task: a number, or [mean, standard error]
};

struct Study {
  std::string name, title, about;
  std::vector<StudyModel> models;
  std::optional<StudyPretraining> pretraining;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::vector<StudyTask> tasks;
  std::vector<StudyVariant> variants;
  std::vector<std::int64_t> sizes = {0};  // lines of alignment text; 0 = all
  std::int64_t points = 21;
  at::ScalarType precision = at::kFloat;
  bool keep_moments = true;
};

// `values` replace ${name} in the file and go before its own `define`. Error naming the file, the
// line and the key where something is missing, unknown or of the wrong kind.
Study read_study(const std::filesystem::path& file,
                 const std::map<std::string, std::string>& values = {});

}  // namespace braid
