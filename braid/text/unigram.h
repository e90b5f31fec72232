// The unigram language model (Kudo 2018): the most probable segmentation of a text into pieces, by
// the Viterbi algorithm.
#pragma once

#include <limits>
#include <optional>

#include "braid/text/piece_model.h"
#include "braid/text/piece_trie.h"

namespace braid {

class Unigram final : public PieceModel {
 public:
  explicit Unigram(const PipelineDescription& description);

  void append_ids(std::string_view piece, std::vector<std::int64_t>& ids) const override;
  void add_needed(std::string_view piece, Part& part) const override;
  Part least() const override;

 private:
  std::string source_;
  PieceTrie trie_;
  std::vector<double> scores_;
  std::optional<std::int64_t> unknown_;
  std::int64_t least_probable_ = 0;
  double unknown_score_ = std::numeric_limits<double>::infinity();
  std::vector<std::int64_t> fallback_;  // ids by byte; empty without byte fallback
};

}  // namespace braid
