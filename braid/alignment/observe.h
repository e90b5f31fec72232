// observe: runs two models over the same text and adds up the moments of their features. Text
// streams through; memory depends on the models alone. The result is the same for any number of
// threads.
#pragma once

#include "braid/alignment/moments.h"
#include "braid/models/model.h"
#include "braid/networks/sequences.h"
#include "braid/progress.h"

namespace braid {

enum class Pool { none, cls, max, mean };

// The next sequence, empty at the end.
using SequenceSource = std::function<TokenSequence()>;

struct ObserveOptions {
  std::vector<std::string> taps;
  // Tokens that are read but not counted (special tokens). A sequence that has no others shows
  // nothing and is left out, whatever the pooling.
  std::vector<std::int64_t> dropped_ids;
  Pool pool = Pool::none;            // a feature per token, or one per sequence
  std::int64_t batch_sequences = 0;  // at most, in one forward pass; 0 = by tokens
  std::int64_t chunk_tokens = 1024;  // tokens whose features are held at once
  Compute compute;                   // its dtype: of the forward passes
  // Ascending counts of sequences whose moments are handed out on the way: each those of a text
  // that ends there, whatever the others are.
  std::vector<std::int64_t> sizes;
};

// Told of the tokens seen so far.
using SeenTokens = std::function<void(std::int64_t)>;
// Told of the moments of the first `sequences` sequences, for each of `sizes` that there is.
using MomentsAtSize = std::function<void(std::int64_t sequences, const MomentsByTap&)>;

// Models that are observed as one: their weighted mean features. Units must mean the same in all.
struct Ensemble {
  std::vector<Model> models;
  std::vector<double> weights;  // sum to 1
};

// REQUIRES models of one architecture. Error where no token counts, or naming the tap and the model
// whose features are not finite.
MomentsByTap observe(const Ensemble& a, const Model& b, const SequenceSource& sequences,
                     const ObserveOptions& options, const SeenTokens& seen = {},
                     const MomentsAtSize& at_size = {});
MomentsByTap observe(const Model& a, const Model& b, const SequenceSource& sequences,
                     const ObserveOptions& options, const SeenTokens& seen = {},
                     const MomentsAtSize& at_size = {});

// Moments as a safetensors file (moments_file.cpp says how). Error naming the file and the tensor
// where it is not what save_moments writes.
void save_moments(const std::filesystem::path& path, const MomentsByTap& moments,
                  const nlohmann::json& provenance);

struct SavedMoments {
  MomentsByTap moments;
  nlohmann::json provenance;
};
SavedMoments load_moments(const std::filesystem::path& path);

}  // namespace braid
