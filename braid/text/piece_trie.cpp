#include "braid/text/piece_trie.h"

namespace braid {

PieceTrie::PieceTrie(const std::vector<std::string>& pieces) : nodes_(1) {
  std::vector<std::size_t> sorted;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (!pieces[id].empty()) sorted.push_back(id);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](std::size_t a, std::size_t b) { return pieces[a] < pieces[b]; });
  struct Span {
    std::size_t begin, end, depth;  // range of `sorted` with the node's bytes as prefix
  };
  std::vector<Span> spans = {{0, sorted.size(), 0}};
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    auto [at, end, depth] = spans[node];
    for (; at < end && pieces[sorted[at]].size() == depth; ++at) {
      nodes_[node].id = static_cast<std::int64_t>(sorted[at]);
    }
    nodes_[node].begin = nodes_.size();
    while (at < end) {
      const char byte = pieces[sorted[at]][depth];
      const std::size_t from = at;
      while (at < end && pieces[sorted[at]][depth] == byte) ++at;
      nodes_.push_back({.byte = static_cast<unsigned char>(byte)});
      spans.push_back({from, at, depth + 1});
    }
    nodes_[node].end = nodes_.size();
  }
}

std::optional<std::int64_t> PieceTrie::find(std::string_view piece) const {
  const Node* node = nodes_.data();
  for (const char byte : piece) {
    node = child(*node, static_cast<unsigned char>(byte));
    if (node == nullptr) return std::nullopt;
  }
  return node->id >= 0 ? std::optional(node->id) : std::nullopt;
}

}  // namespace braid
