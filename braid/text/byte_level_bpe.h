// GPT-2's byte-level BPE (Radford et al. 2019): the same ids as Hugging Face's fast tokenizer.
// Words are cut out by GPT-2's pattern and their bytes merged pair by pair, the earliest learnt
// first.
#pragma once

#include <array>
#include <unordered_map>
#include <utility>

#include "braid/text/added_tokens.h"
#include "braid/text/tokenizer.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

class ByteLevelBpe final : public Tokenizer {
 public:
  // Error where a byte has no token, or a merge names what is no token.
  explicit ByteLevelBpe(ByteLevelDescription description);

  const char* kind() const override { return "byte-level BPE"; }
  std::vector<std::int64_t> encode(std::string_view text) const override;
  // GPT-2 marks nothing and has no pairs.
  const SequenceTemplate& sequence_template() const override { return template_; }
  std::optional<std::int64_t> mask() const override { return table_.role("mask_token"); }
  std::optional<std::int64_t> pad() const override { return table_.role("pad_token"); }
  std::optional<std::int64_t> end_of_text() const override { return table_.role("eos_token"); }
  std::int64_t size() const override { return table_.size(); }
  bool is_special(std::int64_t id) const override { return table_.is_special(id); }
  const std::string& token(std::int64_t id) const override { return table_.token(id); }

  // Keeps the token of every byte.
  std::unique_ptr<Tokenizer> restricted_to(std::string_view text) const override;
  // vocab.json, merges.txt and tokenizer_config.json.
  TokenizerFiles files() const override;

 private:
  struct Merge {
    std::int64_t rank = 0;
    std::int64_t id = 0;  // of what it makes
  };
  template <typename Visit>
  void for_each_word(std::string_view text, Visit visit, std::vector<std::int64_t>* ids) const;
  // Appends a word's ids; tells `made` of every merge.
  void merge_word(std::string_view word, std::vector<std::int64_t>& ids,
                  std::vector<std::int64_t>* made) const;

  ByteLevelDescription description_;
  TokenTable table_;
  SequenceTemplate template_;
  std::array<std::int64_t, 256> bytes_{};            // ids
  std::unordered_map<std::uint64_t, Merge> merges_;  // by left id << 32 | right id
  AddedTokenMatcher added_, added_normalized_;       // looked for in this order
};

// By GPT-2's pattern: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ .
// The length in bytes of the word that valid UTF-8 `text` (not empty) begins with.
std::size_t word_length(std::string_view text);

}  // namespace braid
