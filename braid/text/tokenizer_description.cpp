#include "braid/text/tokenizer_description.h"

#include "braid/error.h"
#include "braid/text/basic_tokens.h"

namespace braid {

Pieces Pieces::of_lines(std::vector<std::string> lines) {
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t id = 0; id < lines.size(); ++id) last[lines[id]] = id;
  const auto count = static_cast<std::int64_t>(last.size());
  std::vector<std::string> by_id(lines.size());
  for (const auto& [token, id] : last) by_id[id] = token;
  return {std::move(by_id), count};
}

TokenTable::TokenTable(const TokenizerDescription& description)
    : tokens_(description.pieces.by_id) {
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    require(is_valid_utf8(tokens_[id]), "{}: token {} is not valid UTF-8", description.source, id);
    if (!tokens_[id].empty()) ids_[tokens_[id]] = static_cast<std::int64_t>(id);
  }
  // The last of equal tokens wins.
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    if (!tokens_[id].empty() && ids_[tokens_[id]] != static_cast<std::int64_t>(id))
      tokens_[id] = "";
  }
  for (const AddedToken& token : description.added) {
    const auto id = static_cast<std::size_t>(token.id);
    if (id >= tokens_.size()) tokens_.resize(id + 1);
    tokens_[id] = token.content;
    ids_.insert_or_assign(token.content, token.id);
  }
  special_.assign(tokens_.size(), false);
  const auto mark = [&](const std::string& token) {
    const std::optional<std::int64_t> id = find(token);
    require(id.has_value(), "{}: special token '{}' is not among the {} tokens", description.source,
            token, size());
    special_[static_cast<std::size_t>(*id)] = true;
    return *id;
  };
  for (const auto& [role, token] : description.names) roles_[role] = mark(token);
  for (const std::string& token : description.extra) mark(token);
}

const std::string& TokenTable::token(std::int64_t id) const {
  require(id >= 0 && id < size(), "no token has id {}; the vocabulary has {}", id, size());
  return tokens_[static_cast<std::size_t>(id)];
}

bool TokenTable::is_special(std::int64_t id) const {
  return id >= 0 && id < size() && special_[static_cast<std::size_t>(id)];
}

std::optional<std::int64_t> TokenTable::find(std::string_view token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> TokenTable::role(const std::string& name) const {
  const auto found = roles_.find(name);
  if (found == roles_.end()) return std::nullopt;
  return found->second;
}

}  // namespace braid
