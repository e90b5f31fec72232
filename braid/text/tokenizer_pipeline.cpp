#include "braid/text/tokenizer_pipeline.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/text/basic_tokens.h"
#include "braid/text/byte_characters.h"
#include "braid/text/pipeline_files.h"
#include "braid/text/reading.h"

namespace braid {
namespace {

constexpr std::size_t kLongestRemembered = 256;  // bytes, of pieces whose ids are cached

}  // namespace

TokenizerPipeline::TokenizerPipeline(PipelineDescription description)
    : description_(std::move(description)),
      table_(description_),
      normalizer_(read_normalizer(description_.normalizer, description_.source)),
      pre_tokenizer_(read_pre_tokenizer(description_.pre_tokenizer, normalizer_.keeps_start,
                                        description_.source)),
      model_(make_model(description_)) {
  for (const AddedToken& token : description_.added) {
    const std::string& source = description_.source;
    require(is_valid_utf8(token.content), "{}: an added token is not valid UTF-8", source);
    if (token.normalized) {
      added_normalized_.add(normalizer_.apply(token.content), token, source);
    } else {
      added_.add(token.content, token, source);
    }
  }
}

const char* TokenizerPipeline::kind() const {
  if (description_.model["type"] == "Unigram") return "Unigram";
  return pre_tokenizer_.byte_level ? "byte-level BPE" : "BPE";
}

void TokenizerPipeline::for_each_piece(std::string_view text,
                                       const std::function<void(std::string_view)>& visit,
                                       const std::function<void(std::int64_t)>& found) const {
  std::string repaired;
  text = repair_utf8(text, repaired);
  const PreTokenizer::Visit visit_piece = [&](std::string_view piece, bool) { visit(piece); };
  for (const AddedTokenMatcher::Piece& outer : added_.split(text)) {
    if (outer.id >= 0) {
      found(outer.id);
      continue;
    }
    const std::string normalized = normalizer_.apply(std::string(outer.text));
    for (const AddedTokenMatcher::Piece& inner : added_normalized_.split(normalized)) {
      const bool first = outer.text.data() == text.data() && inner.text.data() == normalized.data();
      if (inner.id >= 0) {
        found(inner.id);
      } else {
        pre_tokenizer_.cut(inner.text, first, visit_piece);
      }
    }
  }
}

std::vector<std::int64_t> TokenizerPipeline::encode(std::string_view text) const {
  std::vector<std::int64_t> ids;
  ids.reserve(text.size() / 4 + 4);
  // Pieces already seen in this text: the range of their ids in `ids`.
  std::unordered_map<std::string, std::pair<std::size_t, std::size_t>, StringHash, std::equal_to<>>
      met;
  const auto visit = [&](std::string_view piece) {
    const std::size_t begin = ids.size();
    if (const auto known = met.find(piece); known != met.end()) {
      for (std::size_t i = 0; i < known->second.second; ++i) {
        ids.push_back(ids[known->second.first + i]);
      }
      return;
    }
    model_->append_ids(
        pre_tokenizer_.byte_level ? std::string_view(to_byte_characters(piece)) : piece, ids);
    if (piece.size() <= kLongestRemembered) {
      met.emplace(piece, std::pair{begin, ids.size() - begin});
    }
  };
  for_each_piece(text, visit, [&](std::int64_t id) { ids.push_back(id); });
  return ids;
}

PieceModel::Part TokenizerPipeline::needed_for(std::string_view text) const {
  PieceModel::Part part = model_->least();
  std::set<std::string, std::less<>> met;
  const auto visit = [&](std::string_view piece) {
    if (!met.emplace(piece).second) return;
    model_->add_needed(
        pre_tokenizer_.byte_level ? std::string_view(to_byte_characters(piece)) : piece, part);
  };
  for_each_piece(text, visit, [](std::int64_t) {});
  if (pre_tokenizer_.byte_level) {
    for (const std::string& byte : byte_characters()) {
      if (const auto id = table_.find(byte)) part.ids.insert(*id);
    }
  }
  for (const AddedToken& token : description_.added) part.ids.insert(token.id);
  for (std::int64_t id = 0; id < size(); ++id) {
    if (is_special(id)) part.ids.insert(id);
  }
  for (const std::int64_t id : marks()) part.ids.insert(id);
  return part;
}

Reading TokenizerPipeline::reading() const {
  Reading reading = reading_of(*this, description_, !description_.normalizer.is_null());
  reading.merge(reading_of(description_));
  return reading;
}

std::unique_ptr<Tokenizer> TokenizerPipeline::restricted_to(std::string_view text) const {
  const PieceModel::Part part = needed_for(text);
  const std::vector<std::string>& pieces = description_.pieces.by_id;
  PipelineDescription smaller = description_;
  smaller.scores.clear();
  smaller.pieces = {};
  std::vector<std::string>& kept = smaller.pieces.by_id;
  std::map<std::int64_t, std::int64_t> renumbered;
  for (const std::int64_t id : part.ids) {
    const auto at = static_cast<std::size_t>(id);
    if (at >= pieces.size() || pieces[at].empty()) continue;
    renumbered[id] = std::ssize(kept);
    kept.push_back(pieces[at]);
    if (!description_.scores.empty()) smaller.scores.push_back(description_.scores[at]);
  }
  smaller.pieces.count = std::ssize(kept);
  // Added tokens that are not pieces follow them, as when files are read.
  std::int64_t next = smaller.pieces.count;
  for (AddedToken& token : smaller.added) {
    const auto at = static_cast<std::size_t>(token.id);
    const bool is_piece = at < pieces.size() && pieces[at] == token.content;
    if (!is_piece) renumbered[token.id] = next++;
    token.id = renumbered.at(token.id);
  }
  smaller.merges.clear();
  for (const std::int64_t rank : part.merges) {
    smaller.merges.push_back(description_.merges[static_cast<std::size_t>(rank)]);
  }
  const auto renumber = [&](std::vector<std::int64_t>& ids) {
    for (std::int64_t& id : ids) id = renumbered.at(id);
  };
  renumber(smaller.form.before);
  renumber(smaller.form.after);
  if (smaller.form.between) renumber(*smaller.form.between);
  if (const auto unknown = smaller.model.find("unk_id");
      unknown != smaller.model.end() && unknown->is_number_integer()) {
    *unknown = renumbered.at(unknown->get<std::int64_t>());
  }
  return std::make_unique<TokenizerPipeline>(std::move(smaller));
}

TokenizerFiles TokenizerPipeline::files() const { return write_pipeline(description_, table_); }

}  // namespace braid
