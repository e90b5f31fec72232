#include "braid/text/new_tokenizer.h"

#include "braid/error.h"
#include "braid/text/lines.h"
#include "braid/text/tokenizer_files.h"
#include "braid/text/train_vocabulary.h"
#include "braid/text/wordpiece.h"

namespace braid {

std::unique_ptr<Tokenizer> word_piece_tokenizer(std::vector<std::string> tokens) {
  return std::make_unique<WordPiece>(WordPiece::from_vocabulary(std::move(tokens)));
}

std::unique_ptr<Tokenizer> new_tokenizer(const std::string& vocabulary,
                                         const std::filesystem::path& text, std::int64_t size) {
  if (vocabulary == "train") return word_piece_tokenizer(train_word_pieces(read_lines(text), size));
  std::error_code ignored;
  if (std::filesystem::is_directory(vocabulary, ignored)) return load_tokenizer(vocabulary);
  require(
      std::filesystem::exists(vocabulary, ignored),
      "{}: does not exist; give a vocab.txt, a folder with a tokenizer, or 'train' to learn one",
      vocabulary);
  return word_piece_tokenizer(read_vocabulary(vocabulary));
}

}  // namespace braid
