#include "braid/text/byte_level_bpe.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <queue>
#include <set>

#include "braid/error.h"
#include "braid/text/basic_tokens.h"

namespace braid {
namespace {

enum class Class { letter, number, space, other };

Class class_of(UChar32 c) {
  if (c < 0x80) {
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return Class::letter;
    if (c >= '0' && c <= '9') return Class::number;
    return c == ' ' || (c >= 9 && c <= 13) ? Class::space : Class::other;
  }
  const std::uint32_t mask = U_GET_GC_MASK(c);
  if (mask & U_GC_L_MASK) return Class::letter;
  if (mask & U_GC_N_MASK) return Class::number;
  return u_isUWhiteSpace(c) ? Class::space : Class::other;
}

// The code point at `next`, which moves behind it.
UChar32 take(std::string_view text, std::size_t& next) {
  UChar32 c;
  auto at = static_cast<std::int64_t>(next);
  U8_NEXT_OR_FFFD(text.data(), at, static_cast<std::int64_t>(text.size()), c);
  next = static_cast<std::size_t>(at);
  return c;
}

std::size_t contraction_length(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) return ending.size();
  }
  return 0;
}

// GPT-2 writes each byte as a printable character: itself where it is one, else from U+0100 on.
std::array<std::string, 256> byte_characters() {
  std::array<std::string, 256> characters;
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
    const int c = printable ? byte : next++;
    if (c < 0x80) {
      characters[static_cast<std::size_t>(byte)] = std::string(1, static_cast<char>(c));
    } else {
      characters[static_cast<std::size_t>(byte)] = {static_cast<char>(0xC0 | (c >> 6)),
                                                    static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
  return characters;
}

std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

}  // namespace

std::size_t word_length(std::string_view text) {
  if (const std::size_t length = contraction_length(text)) return length;
  std::size_t next = 0;
  UChar32 c = take(text, next);
  Class kind = class_of(c);
  if (c == ' ' && next < text.size()) {
    std::size_t after = next;
    const Class follows = class_of(take(text, after));
    if (follows != Class::space) {
      kind = follows;
      next = after;
    }
  }
  std::size_t last = 0;  // where the last character of the run begins
  std::size_t characters = 1;
  while (next < text.size()) {
    std::size_t after = next;
    if (class_of(take(text, after)) != kind) break;
    last = next;
    next = after;
    ++characters;
  }
  // White space before a word leaves it its last character.
  const bool word_follows = kind == Class::space && next < text.size();
  return word_follows && characters > 1 ? last : next;
}

ByteLevelBpe::ByteLevelBpe(ByteLevelDescription description)
    : description_(std::move(description)), table_(description_) {
  const std::string& source = description_.source;
  require(size() <= INT32_MAX, "{}: {} tokens are too many", source, size());
  const std::vector<std::string>& pieces = description_.pieces.by_id;
  std::unordered_map<std::string_view, std::int64_t> ids;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (!pieces[id].empty()) ids.emplace(pieces[id], static_cast<std::int64_t>(id));
  }
  const auto find = [&](const std::string& token, const char* what) {
    const auto found = ids.find(token);
    require(found != ids.end(), "{}: {} '{}' is no token of the vocabulary", source, what, token);
    return found->second;
  };
  const auto characters = byte_characters();
  for (std::size_t byte = 0; byte < 256; ++byte) bytes_[byte] = find(characters[byte], "byte");
  std::int64_t rank = 0;
  for (const auto& [left, right] : description_.merges) {
    const std::int64_t a = find(left, "the merged"), b = find(right, "the merged");
    // A pair that is there twice counts as Hugging Face counts it: by its last rank.
    merges_[pair_key(a, b)] = {rank++, find(left + right, "what a merge makes,")};
  }
  for (const AddedToken& token : description_.added) {
    (token.normalized ? added_normalized_ : added_).add(token.content, token, source);
  }
}

void ByteLevelBpe::merge_word(std::string_view word, std::vector<std::int64_t>& ids,
                              std::vector<std::int64_t>* made) const {
  struct Symbol {
    std::int64_t id;
    std::int64_t before, after;  // neighbours; -1 = none
  };
  struct Candidate {
    std::int64_t rank, at, left, right, id;
    bool operator>(const Candidate& other) const {
      return std::tie(rank, at) > std::tie(other.rank, other.at);
    }
  };
  const auto length = static_cast<std::int64_t>(word.size());
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  for (std::int64_t i = 0; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(word[static_cast<std::size_t>(i)]);
    symbols.push_back({bytes_[byte], i - 1, i + 1 < length ? i + 1 : -1});
  }
  const auto symbol = [&](std::int64_t i) -> Symbol& {
    return symbols[static_cast<std::size_t>(i)];
  };
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::int64_t at) {
    if (at < 0 || symbol(at).after < 0) return;
    const std::int64_t left = symbol(at).id, right = symbol(symbol(at).after).id;
    const auto merge = merges_.find(pair_key(left, right));
    if (merge == merges_.end()) return;
    queue.push({merge->second.rank, at, left, right, merge->second.id});
  };
  for (std::int64_t i = 0; i < length; ++i) consider(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbol(best.at);
    const bool stale =
        left.id != best.left || left.after < 0 || symbol(left.after).id != best.right;
    if (stale) continue;
    Symbol& right = symbol(left.after);
    left.id = best.id;
    left.after = right.after;
    right.id = -1;
    if (left.after >= 0) symbol(left.after).before = best.at;
    if (made) made->push_back(best.rank);
    consider(left.before);
    consider(best.at);
  }
  for (std::int64_t i = length ? 0 : -1; i >= 0; i = symbol(i).after) ids.push_back(symbol(i).id);
}

// `visit` of every word; ids of added tokens go to `ids` in between.
template <typename Visit>
void ByteLevelBpe::for_each_word(std::string_view text, Visit visit,
                                 std::vector<std::int64_t>* ids) const {
  std::string repaired;
  text = repair_utf8(text, repaired);
  const auto words = [&](std::string_view piece) {
    std::string prefixed;
    if (description_.add_prefix_space && !piece.starts_with(' ')) {
      prefixed = " " + std::string(piece);
      piece = prefixed;
    }
    while (!piece.empty()) {
      const std::size_t length = word_length(piece);
      visit(piece.substr(0, length));
      piece.remove_prefix(length);
    }
  };
  for (const AddedTokenMatcher::Piece& outer : added_.split(text)) {
    if (outer.id >= 0) {
      if (ids) ids->push_back(outer.id);
      continue;
    }
    for (const AddedTokenMatcher::Piece& piece : added_normalized_.split(outer.text)) {
      if (piece.id < 0) {
        words(piece.text);
      } else if (ids) {
        ids->push_back(piece.id);
      }
    }
  }
}

std::vector<std::int64_t> ByteLevelBpe::encode(std::string_view text) const {
  std::vector<std::int64_t> ids;
  ids.reserve(text.size() / 4 + 4);
  // Words of this text that were met already: where their ids stand in `ids`.
  std::unordered_map<std::string, std::pair<std::size_t, std::size_t>, StringHash, std::equal_to<>>
      met;
  for_each_word(
      text,
      [&](std::string_view word) {
        const std::size_t begin = ids.size();
        if (const auto found = met.find(word); found != met.end()) {
          for (std::size_t i = 0; i < found->second.second; ++i) {
            ids.push_back(ids[found->second.first + i]);
          }
          return;
        }
        merge_word(word, ids, nullptr);
        met.emplace(word, std::pair{begin, ids.size() - begin});
      },
      &ids);
  return ids;
}

std::unique_ptr<Tokenizer> ByteLevelBpe::restricted_to(std::string_view text) const {
  std::set<std::int64_t> ranks, kept(bytes_.begin(), bytes_.end());
  std::set<std::string, std::less<>> met;
  for_each_word(
      text,
      [&](std::string_view word) {
        if (!met.emplace(word).second) return;
        std::vector<std::int64_t> ids, made;
        merge_word(word, ids, &made);
        ranks.insert(made.begin(), made.end());
      },
      nullptr);
  ByteLevelDescription smaller = description_;
  smaller.merges.clear();
  smaller.added.clear();
  std::set<std::string> words;
  for (const std::int64_t rank : ranks) {
    smaller.merges.push_back(description_.merges[static_cast<std::size_t>(rank)]);
    words.insert(smaller.merges.back().first + smaller.merges.back().second);
  }
  for (const AddedToken& token : description_.added) kept.insert(token.id);
  std::vector<std::string> tokens;
  for (std::int64_t id = 0; id < size(); ++id) {
    if (!kept.contains(id) && !words.contains(token(id))) continue;
    for (AddedToken added : description_.added) {
      if (added.id != id) continue;
      added.id = std::ssize(tokens);
      smaller.added.push_back(added);
    }
    tokens.push_back(token(id));
  }
  smaller.pieces = Pieces::of_lines(std::move(tokens));
  return std::make_unique<ByteLevelBpe>(std::move(smaller));
}

TokenizerFiles ByteLevelBpe::files() const {
  nlohmann::ordered_json vocabulary = nlohmann::ordered_json::object();
  for (std::int64_t id = 0; id < size(); ++id) {
    if (!token(id).empty()) vocabulary[token(id)] = id;
  }
  std::string merges = "#version: 0.2\n";
  for (const auto& [left, right] : description_.merges) merges += left + " " + right + "\n";
  nlohmann::ordered_json config = {{"add_prefix_space", description_.add_prefix_space},
                                   {"added_tokens_decoder", nlohmann::ordered_json::object()}};
  for (const AddedToken& token : description_.added) {
    config["added_tokens_decoder"][std::to_string(token.id)] = {
        {"content", token.content},         {"lstrip", token.lstrip},
        {"normalized", token.normalized},   {"rstrip", token.rstrip},
        {"single_word", token.single_word}, {"special", token.special}};
  }
  for (const char* role : {"bos_token", "eos_token", "unk_token"}) config[role] = nullptr;
  for (const auto& [role, token] : description_.names) config[role] = token;
  if (!description_.extra.empty()) config["extra_special_tokens"] = description_.extra;
  config["tokenizer_class"] = "GPT2Tokenizer";
  return {{"vocab.json", vocabulary.dump() + "\n"},
          {"merges.txt", merges},
          {"tokenizer_config.json", config.dump(2) + "\n"}};
}

}  // namespace braid
