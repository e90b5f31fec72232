// What the jobs of a study do: the library's stages, from files of the cache to files of the cache.
// A struct a kind of job, with all that the job needs; `is_result`: it is wanted for itself, not
// only for what depends on it.
#pragma once

#include "braid/pipeline/align_plan.h"
#include "braid/pipeline/curve.h"
#include "braid/pipeline/train_options.h"

namespace braid {

// How a running job uses the machine and says how far it is (0 to 1).
struct JobContext {
  int threads = 1;
  std::function<void(double)> progress;
};

// Pieces learnt from the text, as a vocab.txt.
struct VocabularyWork {
  static constexpr const char* kind = "vocabulary";
  static constexpr bool is_result = false;
  PretrainRequest request;
  std::filesystem::path out;

  bool done() const;
  void run(const JobContext& context) const;
};

// A language model; a run that was stopped goes on.
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

// The moments of one tap after so many lines of text, and where they go.
struct MomentsPlace {
  std::string tap;
  std::int64_t size = 0;
  std::filesystem::path file;
};

// Observes once what is missing of `places`.
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

// From moments by tap to an alignment file. A learning that was stopped goes on.
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
