#include "braid/networks/sequences.h"

#include <algorithm>

namespace braid {

Batch pad(const std::vector<TokenSequence>& sequences, std::int64_t width) {
  const auto count = static_cast<std::int64_t>(sequences.size());
  std::int64_t length = width;
  bool padded = false, typed = false;
  for (const TokenSequence& s : sequences) {
    padded |= length != 0 && s.size() != length;
    typed |= !s.types.empty();
    length = std::max(length, s.size());
  }
  Batch batch;
  batch.input_ids = at::zeros({count, length}, at::kLong);
  if (padded) batch.attention_mask = at::zeros({count, length}, at::kBool);
  if (typed) batch.token_type_ids = at::zeros({count, length}, at::kLong);
  for (std::int64_t i = 0; i < count; ++i) {
    const TokenSequence& s = sequences[static_cast<std::size_t>(i)];
    const std::int64_t row = i * length;
    std::copy(s.ids.begin(), s.ids.end(), batch.input_ids.data_ptr<std::int64_t>() + row);
    if (typed) {
      std::copy(s.types.begin(), s.types.end(),
                batch.token_type_ids.data_ptr<std::int64_t>() + row);
    }
    if (padded) std::fill_n(batch.attention_mask.data_ptr<bool>() + row, s.ids.size(), true);
  }
  return batch;
}

}  // namespace braid
