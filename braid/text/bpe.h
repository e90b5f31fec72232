// Byte pair encoding (Sennrich et al. 2016): merges the characters of a piece pair by pair, in the
// order in which the merges were learnt.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "braid/text/piece_model.h"

namespace braid {

class Bpe final : public PieceModel {
 public:
  // Throws if a merge names a piece that is not in the vocabulary.
  explicit Bpe(const PipelineDescription& description);

  void append_ids(std::string_view piece, std::vector<std::int64_t>& ids) const override;
  void add_needed(std::string_view piece, Part& part) const override;
  Part least() const override;

 private:
  std::optional<std::int64_t> find(std::string_view piece) const;
  // The tokens of the characters, before any merge. A character without a token gets those of its
  // bytes, or else the unknown token, or else none.
  std::vector<std::int64_t> characters(std::string_view piece) const;
  // Appends a piece's ids; adds the merges made, and their results, to `part` unless null.
  void merge(std::string_view piece, std::vector<std::int64_t>& ids, Part* part) const;

  std::string source_;
  bool ignore_merges_, fuse_unknown_;
  std::optional<std::string> unknown_;
  std::unordered_map<std::string, std::int64_t, StringHash, std::equal_to<>> pieces_;
  std::unordered_map<std::uint64_t, std::int32_t> merges_;  // ranks by left id << 32 | right id
  std::vector<std::int64_t> made_;                          // ids, by rank
  std::vector<std::int64_t> fallback_;  // ids by byte; empty without byte fallback
};

}  // namespace braid
