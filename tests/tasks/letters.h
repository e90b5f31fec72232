// A tokenizer of one token a letter, and none for a hyphen.
#pragma once

#include "braid/text/tokenizer.h"

namespace braid {

class Letters final : public Tokenizer {
 public:
  explicit Letters(SequenceTemplate marks = {}) : template_(std::move(marks)) {}
  const char* kind() const override { return "letters"; }
  std::vector<std::int64_t> encode(std::string_view text) const override {
    std::vector<std::int64_t> ids(text.begin(), text.end());
    std::erase(ids, '-');
    return ids;
  }
  std::int64_t size() const override { return 128; }
  bool is_special(std::int64_t) const override { return false; }
  const std::string& token(std::int64_t) const override { return name_; }
  const SequenceTemplate& sequence_template() const override { return template_; }
  TokenizerFiles files() const override { return {}; }

 private:
  std::string name_ = "letter";
  SequenceTemplate template_;
};

}  // namespace braid
