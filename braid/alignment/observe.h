// observe: runs two models over the same text and accumulates the moments of their features. Text
// is streamed; memory depends on the models alone. The result does not depend on the number of
// threads.
#pragma once

#include "braid/alignment/moments.h"
#include "braid/models/model.h"
#include "braid/networks/sequences.h"
#include "braid/progress.h"

namespace braid {

enum class Pool { none, cls, max, mean };

// Returns the next sequence, nullopt at the end. One without tokens counts as a sequence.
using SequenceSource = std::function<std::optional<TokenSequence>()>;

struct ObserveOptions {
  std::vector<std::string> taps;
  // Tokens that are read but not counted (special tokens). A sequence with no other tokens is
  // skipped, whatever the pooling.
  std::vector<std::int64_t> dropped_ids;
  Pool pool = Pool::none;            // `none`: one feature per token; otherwise one per sequence
  std::int64_t batch_sequences = 0;  // maximum per forward pass; 0 = limited by tokens only
  std::int64_t chunk_tokens = 1024;  // tokens whose features are held at once
  Compute compute;                   // dtype is that of the forward passes
  // Ascending numbers of sequences at which moments are reported: exactly those of a text that ends
  // there, independent of the other sizes.
  std::vector<std::int64_t> sizes;
};

// Called with the number of tokens observed so far.
using SeenTokens = std::function<void(std::int64_t)>;
// Called with the moments of the first `sequences` sequences, for each of `sizes` that is reached.
using MomentsAtSize = std::function<void(std::int64_t sequences, const MomentsByTap&)>;

// Models observed as one: the weighted mean of their features. Units must be aligned across models.
struct Ensemble {
  std::vector<Model> models;
  std::vector<double> weights;  // sum to 1
};

// REQUIRES models of one architecture. Error if no token counts, or (naming the tap and the model)
// if features are not finite.
MomentsByTap observe(const Ensemble& a, const Model& b, const SequenceSource& sequences,
                     const ObserveOptions& options, const SeenTokens& seen = {},
                     const MomentsAtSize& at_size = {});
MomentsByTap observe(const Model& a, const Model& b, const SequenceSource& sequences,
                     const ObserveOptions& options, const SeenTokens& seen = {},
                     const MomentsAtSize& at_size = {});

// Moments as a safetensors file (format: moments_file.cpp). Loading: Error naming the file and the
// tensor if it is not in the format of save_moments.
void save_moments(const std::filesystem::path& path, const MomentsByTap& moments,
                  const nlohmann::json& provenance);

struct SavedMoments {
  MomentsByTap moments;
  nlohmann::json provenance;
};
SavedMoments load_moments(const std::filesystem::path& path);

}  // namespace braid
