#include "braid/text/unigram.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "braid/error.h"
#include "braid/text/characters.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

constexpr double kUnknownPenalty = 10;  // below the least probable piece; sentencepiece's

// The best segmentation of the text up to here: its score and its last piece.
struct Path {
  double score = 0;
  std::size_t begin = std::string_view::npos;  // of the last piece; npos: none yet
  std::int64_t id = 0;
};

// Hugging Face (serde_json) rounds a score twice, its digits and their product with a power of ten,
// which decides between segmentations of equal probability.
double as_read(double score) {
  char text[32] = {};
  const auto written = std::to_chars(text, std::end(text), score, std::chars_format::scientific);
  std::uint64_t digits = 0;
  int exponent = 0;
  const char* at = text;
  for (bool fraction = false; at < written.ptr && *at != 'e'; ++at) {
    if (*at == '.') fraction = true;
    if (*at < '0' || *at > '9') continue;
    digits = 10 * digits + static_cast<std::uint64_t>(*at - '0');
    exponent -= fraction;
  }
  if (at == written.ptr) return score;  // infinite
  exponent += std::atoi(at + 1);
  const double power = std::strtod(fmt::format("1e{}", std::abs(exponent)).c_str(), nullptr);
  const auto size = static_cast<double>(digits);
  return std::copysign(exponent < 0 ? size / power : size * power, score);
}

}  // namespace

Unigram::Unigram(const PipelineDescription& description)
    : source_(description.source), trie_(description.pieces.by_id) {
  for (const double score : description.scores) scores_.push_back(as_read(score));
  const nlohmann::json& id = member(description.model, "unk_id");
  require(id.is_null() || (id.is_number_integer() && id >= 0 && id < scores_.size()),
          "{}: model.unk_id is {:.80}; expected the id of one of its {} pieces", source_, id.dump(),
          scores_.size());
  if (!id.is_null()) unknown_ = id.get<std::int64_t>();
  if (read_flag(description.model, "byte_fallback", false, source_)) {
    fallback_ = fallback_tokens(description.pieces);
  }
  const auto least = std::min_element(scores_.begin(), scores_.end());
  if (least == scores_.end()) return;
  least_probable_ = least - scores_.begin();
  unknown_score_ = *least - kUnknownPenalty;
}

void Unigram::append_ids(std::string_view piece, std::vector<std::int64_t>& ids) const {
  std::vector<Path> paths(piece.size() + 1);
  for (std::size_t at = 0; at < piece.size();) {
    const double score = paths[at].score;
    const auto offer = [&](std::size_t end, std::int64_t id, double more) {
      Path& path = paths[end];
      if (path.begin == std::string_view::npos || score + more > path.score) {
        path = {score + more, at, id};
      }
    };
    std::size_t next = at;
    take_character(piece, next);
    bool known = false;
    trie_.for_each_prefix(piece.substr(at), [&](std::size_t length, std::int64_t id) {
      known |= at + length == next;
      offer(at + length, id, scores_[static_cast<std::size_t>(id)]);
    });
    if (!known) {
      require(unknown_.has_value(), "{}: '{}' has no token, and there is no unk_id", source_,
              piece.substr(at, next - at));
      offer(next, *unknown_, unknown_score_);
    }
    at = next;
  }
  // Consecutive unknown pieces are joined.
  std::vector<std::string_view> parts;
  bool after_unknown = false;
  for (std::size_t end = piece.size(); end > 0; end = paths[end].begin) {
    const std::size_t begin = paths[end].begin;
    const bool unknown = unknown_ && paths[end].id == *unknown_;
    if (unknown && after_unknown) {
      parts.back() = piece.substr(begin, end - begin + parts.back().size());
    } else {
      parts.push_back(piece.substr(begin, end - begin));
    }
    after_unknown = unknown;
  }
  std::reverse(parts.begin(), parts.end());
  for (const std::string_view part : parts) {
    if (const auto id = trie_.find(part)) {
      ids.push_back(*id);
      continue;
    }
    const bool of_bytes =
        !fallback_.empty() && std::all_of(part.begin(), part.end(), [&](char byte) {
          return fallback_[static_cast<unsigned char>(byte)] >= 0;
        });
    if (!of_bytes) {
      ids.push_back(*unknown_);
      continue;
    }
    for (const char byte : part) ids.push_back(fallback_[static_cast<unsigned char>(byte)]);
  }
}

void Unigram::add_needed(std::string_view piece, Part& part) const {
  std::vector<std::int64_t> ids;
  append_ids(piece, ids);
  part.ids.insert(ids.begin(), ids.end());
}

PieceModel::Part Unigram::least() const {
  Part part;
  for (const std::int64_t id : fallback_) {
    if (id >= 0) part.ids.insert(id);
  }
  if (unknown_) part.ids.insert(*unknown_);
  // It determines the score of unknown pieces.
  if (!scores_.empty()) part.ids.insert(least_probable_);
  return part;
}

}  // namespace braid
