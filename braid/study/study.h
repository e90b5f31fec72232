// Study: pairs of models x variants of alignment x tasks (x amounts of text), as one YAML file
// describes them.
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
  std::filesystem::path folder;  // empty: trained
  std::uint64_t seed = 0;
};

// What alignment reads: a text, or a task's training set.
struct StudyText {
  std::filesystem::path file;
  std::string task;  // empty: lines of text
  std::optional<std::int64_t> max_length;
  bool blocks = false;  // of max_length tokens, rather than lines
};

struct StudyTask {
  std::string name;  // mlm, clm, or a GLUE task
  ScoreRequest score;
  StudyText align;
  std::optional<FinetuneRequest> finetuning;  // models are fine-tuned first, each from its own
};

struct StudyVariant {
  std::string name;
  bool aligned = true;       // false: the plain average
  AlignRequest align;        // on the task's alignment text
  CurveRequest curve;        // its points are the study's
  nlohmann::json published;  // by task: a number, or [mean, standard error]
};

struct Study {
  std::string name, title, about;
  std::vector<StudyModel> models;
  std::optional<PretrainRequest> pretraining;  // its seed is each model's
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::vector<StudyTask> tasks;
  std::vector<StudyVariant> variants;
  std::vector<std::int64_t> sizes = {0};  // lines of alignment text; 0 = all
  std::int64_t points = 21;
  Compute compute;  // its threads are each run's
  bool keep_moments = true;
};

// `values` replace ${name} in the file and go before its own `define`. Error naming the file, the
// line and the key where something is missing, unknown or of the wrong kind.
Study read_study(const std::filesystem::path& file,
                 const std::map<std::string, std::string>& values = {});

}  // namespace braid
