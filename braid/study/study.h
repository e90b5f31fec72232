// Study: pairs of models x variants of alignment x tasks (x amounts of text), from one YAML file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "braid/pipeline/curve.h"
#include "braid/pipeline/train_options.h"

namespace braid {

// A checkpoint folder, or a seed of the study's pretraining.
struct StudyModel {
  std::string name;
  std::filesystem::path folder;  // empty: pretrained from `seed`
  std::uint64_t seed = 0;
};

// The text to align on: a text file, or a task's training set.
struct StudyText {
  std::filesystem::path file;
  std::string task;  // empty: lines of text
  std::optional<std::int64_t> max_length;
  bool blocks = false;  // blocks of max_length tokens, not lines
};

struct StudyTask {
  std::string name;  // mlm, clm, or a GLUE task
  ScoreRequest score;
  StudyText align;
  std::optional<FinetuneRequest> finetuning;  // each model is fine-tuned first
};

struct StudyVariant {
  std::string name;
  bool aligned = true;       // false: the plain average
  AlignRequest align;        // on the task's alignment text
  CurveRequest curve;        // with the study's points
  nlohmann::json published;  // by task: a number, or [mean, standard error]
};

struct Study {
  std::string name, title, about;
  std::vector<StudyModel> models;
  std::optional<PretrainRequest> pretraining;  // with each model's seed
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::vector<StudyTask> tasks;
  std::vector<StudyVariant> variants;
  std::vector<std::int64_t> sizes = {0};  // lines of alignment text; 0 = all
  std::int64_t points = 21;
  Compute compute;  // threads are set by each run
  bool keep_moments = true;
};

// `values` replace ${name} in the file and override its own `define`. Throws an Error that names
// the file, line and key if something is missing, unknown or of the wrong type.
Study read_study(const std::filesystem::path& file,
                 const std::map<std::string, std::string>& values = {});

}  // namespace braid
