// A tokenizer put together of the parts of a tokenizer.json: added tokens are found in the text,
// what lies between them is normalised and cut, and a model makes tokens of the pieces; the same
// ids as Hugging Face's fast tokenizer of these parts.
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
  // Error naming what is not supported.
  explicit TokenizerPipeline(PipelineDescription description);

  const char* kind() const override;
  std::vector<std::int64_t> encode(std::string_view text) const override;
  const SequenceTemplate& sequence_template() const override { return description_.form; }
  std::optional<std::int64_t> mask() const override { return table_.role("mask_token"); }
  std::optional<std::int64_t> pad() const override { return table_.role("pad_token"); }
  std::optional<std::int64_t> end_of_text() const override { return table_.role("eos_token"); }
  std::int64_t size() const override { return table_.size(); }
  bool is_special(std::int64_t id) const override { return table_.is_special(id); }
  const std::string& token(std::int64_t id) const override { return table_.token(id); }

  // Keeps what other texts need at least: the tokens of bytes and the unknown one.
  std::unique_ptr<Tokenizer> restricted_to(std::string_view text) const override;
  // tokenizer.json and tokenizer_config.json.
  TokenizerFiles files() const override;
  Reading reading() const override;

 private:
  // `visit` of every piece that the model is to see, and `found` of added tokens, in order.
  void for_each_piece(std::string_view text, const std::function<void(std::string_view)>& visit,
                      const std::function<void(std::int64_t)>& found) const;
  // The ids that stay in a restricted vocabulary, in order, and the merges.
  PieceModel::Part needed_for(std::string_view text) const;

  PipelineDescription description_;
  TokenTable table_;
  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  std::unique_ptr<PieceModel> model_;
  AddedTokenMatcher added_, added_normalized_;  // looked for in this order
};

}  // namespace braid
