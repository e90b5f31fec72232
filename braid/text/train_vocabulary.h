// Learns a WordPiece vocabulary from text by repeatedly merging the most frequent pair of pieces,
// as Hugging Face's WordPieceTrainer does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "braid/text/tokenizer_files.h"

namespace braid {

struct VocabularyTraining {
  WordPieceOptions text = {};         // how text is split into words
  std::int64_t least_frequency = 2;   // of a merged pair
  std::int64_t most_letters = 1'000;  // less frequent ones are ignored
};

// The tokens by id: [PAD] [UNK] [CLS] [SEP] [MASK], the letters, the letters as continuing pieces,
// then the merged pieces in order. At most `vocabulary_size` tokens, fewer if the text has no more
// pairs. Deterministic: of equally frequent pairs, the one of older pieces is merged first. Throws
// if the letters alone exceed `vocabulary_size`.
std::vector<std::string> train_word_pieces(const std::vector<std::string>& lines,
                                           std::int64_t vocabulary_size,
                                           const VocabularyTraining& training = {});

}  // namespace braid
