#include "braid/networks/sequences.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace braid {

Batch pad(const std::vector<TokenSequence>& sequences, std::int64_t width) {
  if (!sequences.empty() && sequences.front().pixels.defined()) {
    std::vector<at::Tensor> images;
    for (const TokenSequence& s : sequences) images.push_back(s.pixels);
    Batch batch;
    batch.pixels = at::stack(images);
    return batch;
  }
  using Values = std::vector<std::int64_t>;
  const auto count = static_cast<std::int64_t>(sequences.size());
  std::int64_t length = width;
  bool padded = false;
  for (const TokenSequence& s : sequences) {
    padded |= length != 0 && s.size() != length;
    length = std::max(length, s.size());
  }
  const auto rows = [&](auto values) {
    at::Tensor table = at::zeros({count, length}, at::kLong);
    auto* row = table.data_ptr<std::int64_t>();
    for (const TokenSequence& s : sequences) {
      const Values& found = std::invoke(values, s);
      std::copy(found.begin(), found.end(), row);
      row += length;
    }
    return table;
  };
  const auto any = [&](Values TokenSequence::*values) {
    return std::any_of(sequences.begin(), sequences.end(),
                       [&](const TokenSequence& s) { return !(s.*values).empty(); });
  };
  Batch batch;
  batch.input_ids = rows(&TokenSequence::ids);
  if (any(&TokenSequence::types)) batch.token_type_ids = rows(&TokenSequence::types);
  if (any(&TokenSequence::positions)) {
    batch.position_ids = rows([](const TokenSequence& s) {
      Values positions = s.positions;
      if (positions.empty()) {
        positions.resize(s.ids.size());
        std::iota(positions.begin(), positions.end(), 0);
      }
      return positions;
    });
  }
  if (padded) {
    batch.attention_mask =
        rows([](const TokenSequence& s) { return Values(s.ids.size(), 1); }).to(at::kBool);
  }
  return batch;
}

}  // namespace braid
