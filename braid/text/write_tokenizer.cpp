#include "braid/text/write_tokenizer.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/text/added_tokens.h"

namespace braid {
namespace {

using Ordered = nlohmann::ordered_json;

}  // namespace

Ordered vocabulary_json(const Pieces& pieces) {
  Ordered vocabulary = Ordered::object();
  for (std::size_t id = 0; id < pieces.by_id.size(); ++id) {
    if (!pieces.by_id[id].empty()) vocabulary[pieces.by_id[id]] = id;
  }
  return vocabulary;
}

Ordered added_token_json(const AddedToken& token) {
  return {{"content", token.content},       {"single_word", token.single_word},
          {"lstrip", token.lstrip},         {"rstrip", token.rstrip},
          {"normalized", token.normalized}, {"special", token.special}};
}

std::string tokenizer_json_text(const TokenizerDescription& description, const Ordered& parts) {
  std::vector<AddedToken> tokens = description.added;
  std::sort(tokens.begin(), tokens.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  AddedTokenIds ids(description.pieces.by_id, description.pieces.count);
  ids.add(tokens);
  require(
      ids.by_id() == tokens,
      "this tokenizer has added tokens with ids that a tokenizer.json cannot represent; copy the "
      "files of its folder");
  Ordered added = Ordered::array();
  for (const AddedToken& token : tokens) {
    added.push_back({{"id", token.id}});
    added.back().update(added_token_json(token));
  }
  Ordered whole = {
      {"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", added}};
  whole.update(parts);
  return whole.dump() + "\n";
}

std::string tokenizer_config_text(const TokenizerDescription& description, Ordered config) {
  for (const auto& [role, token] : description.names) config[role] = token;
  if (!description.extra.empty()) config["extra_special_tokens"] = description.extra;
  return config.dump(2) + "\n";
}

}  // namespace braid
