#include "braid/error.h"
#include "braid/text/tokenizer.h"

namespace braid {
namespace {

class NoTokenizer final : public Tokenizer {
 public:
  explicit NoTokenizer(std::string source) : source_(std::move(source)) {}

  const char* kind() const override { return "no tokenizer"; }
  std::vector<std::int64_t> encode(std::string_view) const override { refuse(); }
  std::int64_t size() const override { return 0; }
  bool is_special(std::int64_t) const override { return false; }
  const std::string& token(std::int64_t) const override { refuse(); }
  const SequenceTemplate& sequence_template() const override { return marks_; }
  TokenizerFiles files() const override { return {}; }

 private:
  [[noreturn]] void refuse() const {
    fail("{}: reads images, not text; give `task` image and `data` FILE.safetensors", source_);
  }

  const std::string source_;
  const SequenceTemplate marks_;
};

}  // namespace

std::unique_ptr<Tokenizer> no_tokenizer(const std::string& source) {
  return std::make_unique<NoTokenizer>(source);
}

}  // namespace braid
