// A model of a tokenizer.json: what cuts the pieces of a text into tokens.
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
  // What is needed of a model, so that some pieces have the same tokens as with all of it.
  struct Part {
    std::set<std::int64_t> ids;
    std::set<std::int64_t> merges;  // by rank
  };

  virtual ~PieceModel() = default;

  // Of valid UTF-8, not empty.
  virtual void append_ids(std::string_view piece, std::vector<std::int64_t>& ids) const = 0;
  virtual void add_needed(std::string_view piece, Part& part) const = 0;
  // What every part needs.
  virtual Part least() const = 0;
};

// The bytes' tokens <0x00> to <0xFF>, or -1 for one that `table` has not.
std::vector<std::int64_t> fallback_tokens(const Pieces& pieces);

// By what `description.model` says. Error naming what is not supported.
std::unique_ptr<PieceModel> make_model(const PipelineDescription& description);

}  // namespace braid
