#include "braid/text/bpe.h"

#include <algorithm>
#include <functional>

#include "braid/error.h"
#include "braid/text/characters.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Ids = std::vector<std::int64_t>;

std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

struct Symbol {
  std::int64_t id;
  std::int32_t before, after;  // neighbours; -1 = none
  std::int32_t rank = -1;      // of the merge with the next symbol; -1 = none
};

}  // namespace

Bpe::Bpe(const PipelineDescription& description) : source_(description.source) {
  const nlohmann::json& model = description.model;
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const nlohmann::json& value = member(model, name);
    const bool empty = value.is_string() && value.get_ref<const std::string&>().empty();
    require(value.is_null() || empty, "{}: model.{} is {:.80}, only \"\" is supported", source_,
            name, value.dump());
  }
  const nlohmann::json& dropout = member(model, "dropout");
  require(dropout.is_null() || dropout == 0, "{}: model.dropout is {:.80}, only null is supported",
          source_, dropout.dump());
  ignore_merges_ = read_flag(model, "ignore_merges", false, source_);
  fuse_unknown_ = read_flag(model, "fuse_unk", false, source_);
  if (const nlohmann::json& token = member(model, "unk_token"); !token.is_null()) {
    unknown_ = expect_text(token, "model.unk_token", source_);
  }
  if (read_flag(model, "byte_fallback", false, source_)) {
    fallback_ = fallback_tokens(description.pieces);
  }
  const std::vector<std::string>& pieces = description.pieces.by_id;
  require(pieces.size() <= INT32_MAX, "{}: {} tokens exceed the limit of a vocabulary", source_,
          pieces.size());
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (!pieces[id].empty()) pieces_.emplace(pieces[id], static_cast<std::int64_t>(id));
  }
  const auto needed = [&](const std::string& token, const char* role) {
    const auto id = find(token);
    require(id.has_value(), "{}: {} '{}' is not in the vocabulary", source_, role, token);
    return *id;
  };
  std::int32_t rank = 0;
  for (const auto& [left, right] : description.merges) {
    const std::int64_t a = needed(left, "the merged piece"), b = needed(right, "the merged piece");
    made_.push_back(needed(left + right, "the result of a merge"));
    // A repeated pair has its last rank, as in Hugging Face.
    merges_[pair_key(a, b)] = rank++;
  }
}

std::optional<std::int64_t> Bpe::find(std::string_view piece) const {
  const auto found = pieces_.find(piece);
  return found == pieces_.end() ? std::nullopt : std::optional(found->second);
}

Ids Bpe::characters(std::string_view piece) const {
  Ids ids;
  ids.reserve(piece.size());
  std::optional<std::int64_t> pending;  // an unknown token, to be fused with the next
  const auto append_pending = [&] {
    if (pending) ids.push_back(*pending);
    pending.reset();
  };
  for (std::size_t next = 0; next < piece.size();) {
    const std::size_t begin = next;
    take_character(piece, next);
    const std::string_view character = piece.substr(begin, next - begin);
    if (const auto id = find(character)) {
      append_pending();
      ids.push_back(*id);
      continue;
    }
    const std::size_t before = ids.size();
    bool known = !fallback_.empty();
    for (std::size_t i = 0; known && i < character.size(); ++i) {
      ids.push_back(fallback_[static_cast<unsigned char>(character[i])]);
      known = ids.back() >= 0;
    }
    if (known) continue;
    ids.resize(before);
    if (!unknown_) continue;
    if (!fuse_unknown_) append_pending();
    pending = find(*unknown_);
    require(pending.has_value(),
            "{}: '{}' has no token, and unk_token '{}' is not in the vocabulary", source_,
            character, *unknown_);
  }
  append_pending();
  return ids;
}

void Bpe::merge(std::string_view piece, Ids& ids, Part* part) const {
  if (ignore_merges_) {
    if (const auto id = find(piece)) {
      ids.push_back(*id);
      if (part) part->ids.insert(*id);
      return;
    }
  }
  const Ids first = characters(piece);
  require(first.size() < INT32_MAX, "{}: a text of {} characters is too long", source_,
          first.size());
  if (part) part->ids.insert(first.begin(), first.end());
  const auto length = static_cast<std::int32_t>(first.size());
  std::vector<Symbol> symbols;
  symbols.reserve(first.size());
  for (std::int32_t i = 0; i < length; ++i) {
    symbols.push_back({first[static_cast<std::size_t>(i)], i - 1, i + 1 < length ? i + 1 : -1});
  }
  const auto symbol = [&](std::int32_t i) -> Symbol& {
    return symbols[static_cast<std::size_t>(i)];
  };
  // Possible merges, by rank, then position.
  std::vector<std::uint64_t> queue;
  const auto consider = [&](std::int32_t at) {
    Symbol& left = symbol(at);
    left.rank = -1;
    if (left.after < 0) return false;
    const auto merge = merges_.find(pair_key(left.id, symbol(left.after).id));
    if (merge == merges_.end()) return false;
    left.rank = merge->second;
    queue.push_back(pair_key(left.rank, at));
    return true;
  };
  const auto push = [&](std::int32_t at) {
    if (at >= 0 && consider(at)) std::push_heap(queue.begin(), queue.end(), std::greater<>());
  };
  for (std::int32_t i = 0; i < length; ++i) consider(i);
  std::make_heap(queue.begin(), queue.end(), std::greater<>());
  while (!queue.empty()) {
    const auto rank = static_cast<std::int32_t>(queue.front() >> 32);
    const auto at = static_cast<std::int32_t>(queue.front() & UINT32_MAX);
    std::pop_heap(queue.begin(), queue.end(), std::greater<>());
    queue.pop_back();
    Symbol& left = symbol(at);
    if (left.rank != rank) continue;  // outdated: one of the two symbols was merged
    Symbol& right = symbol(left.after);
    left.id = made_[static_cast<std::size_t>(rank)];
    left.after = right.after;
    right.rank = -1;
    if (left.after >= 0) symbol(left.after).before = at;
    if (part) {
      part->merges.insert(rank);
      part->ids.insert(left.id);
    }
    push(left.before);
    push(at);
  }
  for (std::int32_t i = length ? 0 : -1; i >= 0; i = symbol(i).after) ids.push_back(symbol(i).id);
}

void Bpe::append_ids(std::string_view piece, Ids& ids) const { merge(piece, ids, nullptr); }

void Bpe::add_needed(std::string_view piece, Part& part) const {
  Ids ids;
  merge(piece, ids, &part);
}

PieceModel::Part Bpe::least() const {
  Part part;
  for (const std::int64_t id : fallback_) {
    if (id >= 0) part.ids.insert(id);
  }
  if (const auto id = unknown_ ? find(*unknown_) : std::nullopt) part.ids.insert(*id);
  return part;
}

}  // namespace braid
