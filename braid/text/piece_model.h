// The model of a tokenizer.json, which splits pieces of text into tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "braid/text/tokenizer_description.h"

namespace braid {

class PieceModel {
 public:
  // The part of a model that suffices for certain pieces to keep their tokens.
  struct Part {
    std::set<std::int64_t> ids;
    std::set<std::int64_t> merges;  // by rank
  };

  virtual ~PieceModel() = default;

  // `piece`: valid UTF-8, not empty.
  virtual void append_ids(std::string_view piece, std::vector<std::int64_t>& ids) const = 0;
  virtual void add_needed(std::string_view piece, Part& part) const = 0;
  // The part that is always needed.
  virtual Part least() const = 0;
};

// The ids of <0x00> to <0xFF>, by byte; -1 for missing ones.
std::vector<std::int64_t> fallback_tokens(const Pieces& pieces);

// The model in `description.model`. Throws if it is not supported.
std::unique_ptr<PieceModel> make_model(const PipelineDescription& description);

}  // namespace braid
