// The work of a study's jobs: the library's stages, from cache files to cache files. One struct per
// kind of job, with everything the job needs. `is_result`: part of the results, not only an
// intermediate.
#pragma once

#include "braid/pipeline/align_plan.h"
#include "braid/pipeline/curve.h"
#include "braid/pipeline/train_options.h"

namespace braid {

// Threads of a running job, and its progress callback (0 to 1).
struct JobContext {
  int threads = 1;
  std::function<void(double)> progress;
};

// Learns a vocabulary from the text, as a vocab.txt.
struct VocabularyWork {
  static constexpr const char* kind = "vocabulary";
  static constexpr bool is_result = false;
  PretrainRequest request;
  std::filesystem::path out;

  bool done() const;
  void run(const JobContext& context) const;
};

// Trains a language model; an interrupted run is resumed.
struct PretrainWork {
  static constexpr const char* kind = "pretrain";
  static constexpr bool is_result = false;
  PretrainRequest request;
  std::filesystem::path out;

  bool done() const;
  void run(const JobContext& context) const;
};

struct FinetuneWork {
  static constexpr const char* kind = "finetune";
  static constexpr bool is_result = false;
  FinetuneRequest request;
  std::filesystem::path out;

  bool done() const;
  void run(const JobContext& context) const;
};

// File of the moments of one tap after `size` lines of text.
struct MomentsPlace {
  std::string tap;
  std::int64_t size = 0;
  std::filesystem::path file;
};

// Observes the missing `places` in one pass.
struct MomentsWork {
  static constexpr const char* kind = "moments";
  static constexpr bool is_result = false;
  std::filesystem::path a, b;
  AlignPlan plan;
  Compute compute;
  std::vector<MomentsPlace> places;

  bool done() const;
  void run(const JobContext& context) const;
  void drop() const;
};

// From moments by tap to an alignment file. Interrupted learning is resumed.
struct AlignWork {
  static constexpr const char* kind = "align";
  static constexpr bool is_result = true;
  std::filesystem::path a, b;
  AlignPlan plan;
  Compute compute;
  std::vector<MomentsPlace> places;
  std::filesystem::path out;

  bool done() const;
  void run(const JobContext& context) const;
};

// From the request, whose alignment may be empty, to a curve file.
struct CurveWork {
  static constexpr const char* kind = "curve";
  static constexpr bool is_result = true;
  std::filesystem::path a, b;
  CurveRequest request;
  Compute compute;
  std::filesystem::path out;

  bool done() const;
  void run(const JobContext& context) const;
};

}  // namespace braid
