// Learning a WordPiece vocabulary from text, by merging the most frequent pair of pieces again and
// again, as Hugging Face's WordPieceTrainer does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "braid/text/tokenizer_files.h"

namespace braid {

struct VocabularyTraining {
  WordPieceOptions text = {};        // how text becomes words
  std::int64_t least_frequency = 2;  // of a pair to be merged
  std::int64_t most_letters =
      1'000;  // the most frequent ones are kept, of others nothing is learnt
};

// The tokens in the order of their ids: [PAD] [UNK] [CLS] [SEP] [MASK], the letters, the letters as
// continuing pieces, then the merged pieces in the order they were found. At most
// `vocabulary_size` of them, fewer if the text has no more pairs. Deterministic: of pairs equally
// frequent the one of the older pieces is merged first. Throws Error if the letters alone are too
// many.
std::vector<std::string> train_word_pieces(const std::vector<std::string>& lines,
                                           std::int64_t vocabulary_size,
                                           const VocabularyTraining& training = {});

}  // namespace braid
