#include "braid/text/train_vocabulary.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <map>
#include <queue>
#include <unordered_map>
#include <utility>

#include "braid/error.h"
#include "braid/text/added_tokens.h"
#include "braid/text/basic_tokens.h"

namespace braid {
namespace {

using Pair = std::pair<std::int32_t, std::int32_t>;

struct PairHash {
  std::size_t operator()(const Pair& pair) const {
    return std::hash<std::uint64_t>()(
        (static_cast<std::uint64_t>(pair.first) << 32 | static_cast<std::uint32_t>(pair.second)) *
        0x9E3779B97F4A7C15u);
  }
};

struct Word {
  std::vector<std::int32_t> pieces;
  std::int64_t count = 0;  // in the text
};

// Occurrences of a pair of adjacent pieces. `words` may contain duplicates and words that no longer
// have the pair.
struct Occurrences {
  std::int64_t count = 0;
  std::vector<std::int32_t> words;
};

struct Candidate {
  std::int64_t count;
  Pair pair;
  // Top of the heap: the most frequent pair, then the oldest pieces.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

// Distinct words sorted by bytes, so that nothing depends on hashing.
std::map<std::string, std::int64_t> count_words(const std::vector<std::string>& lines,
                                                const WordPieceOptions& options) {
  const TextNormalizer normalizer(
      {.clean_text = options.clean_text,
       .chinese_chars = options.chinese_chars,
       .strip_accents = options.strip_accents.value_or(options.lower_case),
       .lower_case = options.lower_case});
  std::unordered_map<std::string, std::int64_t, StringHash, std::equal_to<>> counts;
  std::string repaired, normalized;
  for (const std::string& line : lines) {
    normalized.clear();
    normalizer.append(repair_utf8(line, repaired), normalized);
    for_each_word(normalized, [&](std::string_view word, std::int64_t) {
      const auto found = counts.find(word);
      if (found == counts.end()) {
        counts.emplace(word, 1);
      } else {
        ++found->second;
      }
    });
  }
  return {counts.begin(), counts.end()};
}

std::vector<std::string> split_letters(const std::string& word) {
  std::vector<std::string> letters;
  for (std::size_t start = 0; start < word.size();) {
    std::size_t end = start + 1;
    while (end < word.size() && U8_IS_TRAIL(word[end])) ++end;
    letters.push_back(word.substr(start, end - start));
    start = end;
  }
  return letters;
}

class PieceMerger {
 public:
  explicit PieceMerger(const VocabularyTraining& training)
      : prefix_(training.text.prefix), least_frequency_(training.least_frequency) {
    for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) add_token(token);
  }

  // Adds the letters to the vocabulary and sets up the words.
  void start(const std::map<std::string, std::int64_t>& counts, std::int64_t most_letters,
             std::int64_t vocabulary_size);

  // Merges until `vocabulary_size` tokens exist or no pair is frequent enough.
  void merge_pairs(std::int64_t vocabulary_size);

  std::vector<std::string> take_tokens() { return std::move(tokens_); }

 private:
  std::int32_t add_token(const std::string& token);
  void merge(const Pair& pair);
  void merge_in_word(std::int32_t word, const Pair& pair, std::int32_t merged,
                     std::vector<Pair>& grown);

  std::string prefix_;
  std::int64_t least_frequency_;
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, std::int32_t> ids_;
  std::vector<Word> words_;
  std::unordered_map<Pair, Occurrences, PairHash> pairs_;
  std::priority_queue<Candidate> candidates_;  // outdated counts are too high
};

std::int32_t PieceMerger::add_token(const std::string& token) {
  const auto [entry, fresh] = ids_.emplace(token, static_cast<std::int32_t>(tokens_.size()));
  if (fresh) tokens_.push_back(token);
  return entry->second;
}

void PieceMerger::start(const std::map<std::string, std::int64_t>& counts,
                        std::int64_t most_letters, std::int64_t vocabulary_size) {
  std::map<std::string, std::int64_t> letters;  // UTF-8 sorts by code point
  for (const auto& [word, count] : counts) {
    for (const std::string& letter : split_letters(word)) letters[letter] += count;
  }
  std::vector<std::pair<std::int64_t, std::string>> kept;
  for (const auto& [letter, count] : letters) kept.emplace_back(-count, letter);
  if (static_cast<std::int64_t>(kept.size()) > most_letters) {
    std::sort(kept.begin(), kept.end());
    for (auto rare = kept.begin() + most_letters; rare != kept.end(); ++rare) {
      letters.erase(rare->second);
    }
  }
  for (const auto& [letter, count] : letters) add_token(letter);
  std::map<std::string, std::int64_t> continuing;
  for (const auto& [text, count] : counts) {
    bool first = true;
    for (const std::string& letter : split_letters(text)) {
      if (letters.contains(letter) && !first) ++continuing[letter];
      first = false;
    }
  }
  for (const auto& [letter, count] : continuing) add_token(prefix_ + letter);
  require(static_cast<std::int64_t>(tokens_.size()) <= vocabulary_size,
          "a vocabulary of {} is too small: the special tokens and the text's {} letters (starting "
          "and continuing words) need {}; increase vocab_size",
          vocabulary_size, letters.size(), tokens_.size());

  for (const auto& [text, count] : counts) {
    Word word{.pieces = {}, .count = count};
    bool first = true;
    for (const std::string& letter : split_letters(text)) {
      if (letters.contains(letter)) {
        word.pieces.push_back(ids_.at(first ? letter : prefix_ + letter));
      }
      first = false;
    }
    if (word.pieces.size() < 2) continue;
    const auto index = static_cast<std::int32_t>(words_.size());
    for (std::size_t i = 0; i + 1 < word.pieces.size(); ++i) {
      Occurrences& occurrences = pairs_[{word.pieces[i], word.pieces[i + 1]}];
      occurrences.count += count;
      occurrences.words.push_back(index);
    }
    words_.push_back(std::move(word));
  }
  for (const auto& [pair, occurrences] : pairs_) candidates_.push({occurrences.count, pair});
}

void PieceMerger::merge_pairs(std::int64_t vocabulary_size) {
  while (static_cast<std::int64_t>(tokens_.size()) < vocabulary_size && !candidates_.empty()) {
    const Candidate best = candidates_.top();
    candidates_.pop();
    const auto found = pairs_.find(best.pair);
    if (found == pairs_.end()) continue;
    if (found->second.count != best.count) {
      if (found->second.count > 0) candidates_.push({found->second.count, best.pair});
      continue;
    }
    if (best.count < std::max<std::int64_t>(least_frequency_, 1)) break;
    merge(best.pair);
  }
}

void PieceMerger::merge(const Pair& pair) {
  const std::string& second = tokens_[pair.second];
  const std::size_t skipped = second.starts_with(prefix_) ? prefix_.size() : 0;
  const std::int32_t merged = add_token(tokens_[pair.first] + second.substr(skipped));
  std::vector<std::int32_t> words = std::move(pairs_[pair].words);
  pairs_.erase(pair);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  std::vector<Pair> grown;
  for (const std::int32_t word : words) merge_in_word(word, pair, merged, grown);
  std::sort(grown.begin(), grown.end());
  grown.erase(std::unique(grown.begin(), grown.end()), grown.end());
  for (const Pair& candidate : grown) {
    candidates_.push({pairs_[candidate].count, candidate});
  }
}

void PieceMerger::merge_in_word(std::int32_t index, const Pair& pair, std::int32_t merged,
                                std::vector<Pair>& grown) {
  Word& word = words_[index];
  std::vector<std::int32_t> pieces;
  for (std::size_t i = 0; i < word.pieces.size(); ++i) {
    if (i + 1 < word.pieces.size() && Pair(word.pieces[i], word.pieces[i + 1]) == pair) {
      pieces.push_back(merged);
      ++i;
    } else {
      pieces.push_back(word.pieces[i]);
    }
  }
  if (pieces.size() == word.pieces.size()) return;
  for (std::size_t i = 0; i + 1 < word.pieces.size(); ++i) {
    const auto found = pairs_.find({word.pieces[i], word.pieces[i + 1]});
    if (found != pairs_.end()) found->second.count -= word.count;
  }
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    const Pair now(pieces[i], pieces[i + 1]);
    Occurrences& occurrences = pairs_[now];
    occurrences.count += word.count;
    if (now.first == merged || now.second == merged) {
      occurrences.words.push_back(index);
      grown.push_back(now);
    }
  }
  word.pieces = std::move(pieces);
}

}  // namespace

std::vector<std::string> train_word_pieces(const std::vector<std::string>& lines,
                                           std::int64_t vocabulary_size,
                                           const VocabularyTraining& training) {
  PieceMerger merger(training);
  merger.start(count_words(lines, training.text), training.most_letters, vocabulary_size);
  merger.merge_pairs(vocabulary_size);
  return merger.take_tokens();
}

}  // namespace braid
