// Byte pair encoding (Sennrich et al. 2016): the characters of a piece are merged pair by pair, the
// earliest learnt pair first.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "braid/text/piece_model.h"

namespace braid {

class Bpe final : public PieceModel {
 public:
  // Error where a merge names what is no piece.
  explicit Bpe(const PipelineDescription& description);

  void append_ids(std::string_view piece, std::vector<std::int64_t>& ids) const override;
  void add_needed(std::string_view piece, Part& part) const override;
  Part least() const override;

 private:
  std::optional<std::int64_t> find(std::string_view piece) const;
  // The tokens of the characters, before any merge. A character without one gets those of its
  // bytes, else the unknown token; else it is left out.
  std::vector<std::int64_t> characters(std::string_view piece) const;
  // Appends a piece's ids; adds all merges that were made, and what they made, to `part`.
  void merge(std::string_view piece, std::vector<std::int64_t>& ids, Part* part) const;

  std::string source_;
  bool ignore_merges_, fuse_unknown_;
  std::optional<std::string> unknown_;
  std::unordered_map<std::string, std::int64_t, StringHash, std::equal_to<>> pieces_;
  std::unordered_map<std::uint64_t, std::int32_t> merges_;  // ranks by left id << 32 | right id
  std::vector<std::int64_t> made_;                          // ids, by rank
  std::vector<std::int64_t> fallback_;  // ids by byte; empty: bytes are no tokens
};

}  // namespace braid
