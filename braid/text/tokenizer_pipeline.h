// A tokenizer built from the parts of a tokenizer.json: added tokens are matched in the text, the
// text between them is normalised and split, and a model turns the pieces into tokens. It gives the
// same ids as Hugging Face's fast tokenizer.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "braid/text/added_tokens.h"
#include "braid/text/normalizer.h"
#include "braid/text/piece_model.h"
#include "braid/text/pre_tokenizer.h"
#include "braid/text/tokenizer.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

class TokenizerPipeline final : public Tokenizer {
 public:
  // Throws on unsupported parts.
  explicit TokenizerPipeline(PipelineDescription description);

  const char* kind() const override;
  std::vector<std::int64_t> encode(std::string_view text) const override;
  const SequenceTemplate& sequence_template() const override { return description_.form; }
  std::optional<std::int64_t> mask() const override { return table_.role("mask_token"); }
  std::optional<std::int64_t> pad() const override { return table_.role("pad_token"); }
  std::optional<std::int64_t> start_of_text() const override { return table_.role("bos_token"); }
  std::optional<std::int64_t> end_of_text() const override { return table_.role("eos_token"); }
  std::int64_t size() const override { return table_.size(); }
  bool is_special(std::int64_t id) const override { return table_.is_special(id); }
  const std::string& token(std::int64_t id) const override { return table_.token(id); }

  // Also keeps byte tokens and the unknown token, which other texts need.
  std::unique_ptr<Tokenizer> restricted_to(std::string_view text) const override;
  // tokenizer.json and tokenizer_config.json.
  TokenizerFiles files() const override;
  Reading reading() const override;

 private:
  // Calls `visit` for pieces of the model and `found` for added tokens, in order.
  void for_each_piece(std::string_view text, const std::function<void(std::string_view)>& visit,
                      const std::function<void(std::int64_t)>& found) const;
  // The ids and merges that remain in a restricted vocabulary, in order.
  PieceModel::Part needed_for(std::string_view text) const;

  PipelineDescription description_;
  TokenTable table_;
  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  std::unique_ptr<PieceModel> model_;
  AddedTokenMatcher added_, added_normalized_;  // matched in this order
};

}  // namespace braid
