#include "braid/text/tokenizer.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/text/tokenizer_files.h"
#include "braid/text/tokenizer_pipeline.h"
#include "braid/text/wordpiece.h"

namespace braid {
namespace {

using Ids = std::vector<std::int64_t>;

void append(Ids& ids, const Ids& more) { ids.insert(ids.end(), more.begin(), more.end()); }

// How many of `first` and `second` tokens remain when the longer is truncated first to fit `room`.
// If both are truncated, the longer one keeps the odd token (the second on a tie).
std::pair<std::int64_t, std::int64_t> truncate_longest_first(std::int64_t first,
                                                             std::int64_t second,
                                                             std::int64_t room) {
  if (first + second <= room) return {first, second};
  std::int64_t shorter = std::min(first, second);
  std::int64_t longer = std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = room - shorter;
  }
  return first > second ? std::pair(longer, shorter) : std::pair(shorter, longer);
}

// How many tokens of text fit beside the special tokens.
std::int64_t room_for_text(const char* kind, const Tokenizer& tokenizer, const Ids& marks,
                           std::int64_t max_length) {
  std::vector<std::string> names;
  for (const std::int64_t id : marks) names.push_back(tokenizer.token(id));
  require(max_length >= std::ssize(marks),
          "a {} has at least {} tokens ({}), but `max-length` is {}", kind, marks.size(),
          fmt::join(names, " "), max_length);
  return max_length - std::ssize(marks);
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::restricted_to(std::string_view) const {
  fail("a {} vocabulary cannot be restricted to the tokens of a text", kind());
}

std::unique_ptr<Tokenizer> Tokenizer::united_with(const Tokenizer&) const {
  fail("a {} vocabulary cannot be united with another; use the vocabulary of one model", kind());
}

std::vector<std::string> Tokenizer::tokens() const {
  std::vector<std::string> all;
  for (std::int64_t id = 0; id < size(); ++id) all.push_back(token(id));
  return all;
}

std::vector<std::int64_t> Tokenizer::marks() const {
  const SequenceTemplate& form = sequence_template();
  Ids all = form.before;
  append(all, form.between.value_or(Ids()));
  append(all, form.after);
  Ids once;
  for (const std::int64_t id : all) {
    if (std::find(once.begin(), once.end(), id) == once.end()) once.push_back(id);
  }
  return once;
}

std::vector<std::int64_t> Tokenizer::encode_sequence(std::string_view text,
                                                     std::int64_t max_length) const {
  const SequenceTemplate& form = sequence_template();
  Ids marks = form.before;
  append(marks, form.after);
  const std::int64_t room = room_for_text("sequence", *this, marks, max_length);
  Ids ids = encode(text);
  if (std::ssize(ids) > room) ids.resize(static_cast<std::size_t>(room));
  ids.insert(ids.begin(), form.before.begin(), form.before.end());
  append(ids, form.after);
  return ids;
}

std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> Tokenizer::encode_pair(
    std::string_view a, std::string_view b, std::int64_t max_length) const {
  const SequenceTemplate& form = sequence_template();
  require(form.between.has_value(), "this {} tokenizer has no template for pairs of texts", kind());
  Ids marks = form.before;
  append(marks, *form.between);
  append(marks, form.after);
  const std::int64_t room = room_for_text("pair", *this, marks, max_length);
  const Ids first = encode(a), second = encode(b);
  const auto [first_kept, second_kept] =
      truncate_longest_first(std::ssize(first), std::ssize(second), room);
  Ids ids = form.before;
  ids.insert(ids.end(), first.begin(), first.begin() + first_kept);
  append(ids, *form.between);
  Ids types(ids.size() - form.typed_between, 0);
  ids.insert(ids.end(), second.begin(), second.begin() + second_kept);
  append(ids, form.after);
  types.resize(ids.size(), form.typed ? 1 : 0);
  return {std::move(ids), std::move(types)};
}

std::int64_t Tokenizer::mask_needed() const {
  require(mask().has_value(), "this {} tokenizer has no mask token, which masking needs", kind());
  return *mask();
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
  auto description = read_tokenizer(folder);
  if (auto* pipeline = std::get_if<PipelineDescription>(&description)) {
    return std::make_unique<TokenizerPipeline>(std::move(*pipeline));
  }
  return std::make_unique<WordPiece>(std::get<WordPieceDescription>(std::move(description)));
}

std::unique_ptr<Tokenizer> find_tokenizer(const std::filesystem::path& folder) {
  return has_tokenizer(folder) ? load_tokenizer(folder) : nullptr;
}

}  // namespace braid
