// What the jobs of a study do: the library's stages, from files of the cache to files of the cache.
#pragma once

#include "braid/study/plan.h"

namespace braid {

// Pieces learnt from the text, as a vocab.txt.
void work_vocabulary(const PretrainRequest& pretraining, const std::filesystem::path& out);

// A language model from `seed`; a run that was stopped goes on.
void work_pretrain(const PretrainRequest& pretraining, const std::filesystem::path& vocabulary,
                   std::uint64_t seed, const std::filesystem::path& out, const JobContext& context);

void work_finetune(FinetuneRequest request, const std::filesystem::path& out,
                   const JobContext& context);

// The moments of one tap after so many lines of text, and where they go.
struct MomentsPlace {
  std::string tap;
  std::int64_t size = 0;
  std::filesystem::path file;
};

// Observes once what is missing of `places`.
void work_moments(const std::filesystem::path& a, const std::filesystem::path& b,
                  AlignRequest request, const Compute& compute,
                  const std::vector<MomentsPlace>& places, const JobContext& context);

// From moments by tap to an alignment file. A learning that was stopped goes on.
void work_align(const std::filesystem::path& a, const std::filesystem::path& b,
                AlignRequest request, const Compute& compute,
                const std::vector<MomentsPlace>& places, const std::filesystem::path& out,
                const JobContext& context);

// From the request, whose alignment may be empty, to a curve file.
void work_curve(const std::filesystem::path& a, const std::filesystem::path& b,
                const CurveRequest& request, const Compute& compute,
                const std::filesystem::path& out, const JobContext& context);

}  // namespace braid
