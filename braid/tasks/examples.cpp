#include "braid/tasks/examples.h"

#include <algorithm>
#include <numeric>

#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"

namespace braid {

std::int64_t Examples::tokens() const {
  std::int64_t count = 0;
  for (const TokenSequence& sequence : sequences) count += sequence.size();
  return count;
}

Batches batches_in_order(const std::vector<TokenSequence>& sequences, std::int64_t size) {
  require(size > 0, "the batch size is {}, expected at least 1", size);
  Batches batches;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (batches.empty() || std::ssize(batches.back()) == size) batches.emplace_back();
    batches.back().push_back(i);
  }
  return batches;
}

Batches batches_by_length(const std::vector<TokenSequence>& sequences, std::size_t group) {
  constexpr std::int64_t tokens_per_batch = 2048;
  std::vector<std::size_t> order(sequences.size() / group);  // of groups
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto length = [&](std::size_t i) {
    std::int64_t longest = 0;
    for (std::size_t k = i * group; k < (i + 1) * group; ++k) {
      longest = std::max(longest, sequences[k].size());
    }
    return longest;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return length(i) < length(j); });
  Batches batches;
  for (const std::size_t i : order) {
    const std::int64_t rows = static_cast<std::int64_t>(group);
    const bool full =
        batches.empty() || (std::ssize(batches.back()) + rows) * length(i) > tokens_per_batch;
    if (full) batches.emplace_back();
    for (std::size_t k = i * group; k < (i + 1) * group; ++k) batches.back().push_back(k);
  }
  return batches;
}

ExampleBatch make_batch(const std::vector<TokenSequence>& sequences, std::optional<Predicts> head,
                        std::int64_t width, at::Device device) {
  ExampleBatch made{pad(sequences, width).to(device), {}, {}};
  if (head != Predicts::token) {
    std::vector<double> targets;
    for (const TokenSequence& sequence : sequences) targets.push_back(sequence.target);
    made.expected = at::tensor(targets, at::kDouble).to(device);
    return made;
  }
  std::vector<std::int64_t> places, labels;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::vector<std::int64_t>& of_tokens = sequences[i].labels;
    for (std::size_t j = 0; j < of_tokens.size(); ++j) {
      if (of_tokens[j] == -100) continue;
      places.push_back(static_cast<std::int64_t>(i) * made.batch.input_ids.size(1) +
                       static_cast<std::int64_t>(j));
      labels.push_back(of_tokens[j]);
    }
  }
  made.places = at::tensor(places, at::kLong).to(device);
  made.expected = at::tensor(labels, at::kLong).to(device);
  return made;
}

std::string fingerprint(const std::vector<TokenSequence>& sequences) {
  std::string bytes;
  const auto add = [&](const std::vector<std::int64_t>& values) {
    const auto count = static_cast<std::int64_t>(values.size());
    bytes.append(reinterpret_cast<const char*>(&count), sizeof count);
    bytes.append(reinterpret_cast<const char*>(values.data()),
                 values.size() * sizeof(std::int64_t));
  };
  for (const TokenSequence& sequence : sequences) {
    add(sequence.ids);
    add(sequence.types);
    add(sequence.positions);
    add(sequence.labels);
    bytes.append(reinterpret_cast<const char*>(&sequence.target), sizeof sequence.target);
  }
  return fingerprint_text(bytes);
}

}  // namespace braid
