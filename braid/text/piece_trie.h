// A trie of pieces, by bytes: finds all pieces that a text starts with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid {

class PieceTrie {
 public:
  // Ids are indices; empty pieces are skipped. The last of equal pieces wins.
  explicit PieceTrie(const std::vector<std::string>& pieces);

  // Calls visit(length, id) for every piece that `text` starts with, the shortest first.
  template <typename Visit>
  void for_each_prefix(std::string_view text, Visit&& visit) const {
    const Node* node = nodes_.data();
    for (std::size_t length = 1; length <= text.size(); ++length) {
      node = child(*node, static_cast<unsigned char>(text[length - 1]));
      if (node == nullptr) return;
      if (node->id >= 0) visit(length, node->id);
    }
  }

  std::optional<std::int64_t> find(std::string_view piece) const;

 private:
  struct Node {
    unsigned char byte = 0;          // on the edge to this node
    std::int64_t id = -1;            // of the piece that ends here
    std::size_t begin = 0, end = 0;  // children, sorted by byte
  };

  const Node* child(const Node& node, unsigned char byte) const {
    const auto first = nodes_.begin() + static_cast<std::ptrdiff_t>(node.begin);
    const auto last = nodes_.begin() + static_cast<std::ptrdiff_t>(node.end);
    const auto found = std::lower_bound(
        first, last, byte, [](const Node& one, unsigned char other) { return one.byte < other; });
    return found != last && found->byte == byte ? &*found : nullptr;
  }

  std::vector<Node> nodes_;  // the root first
};

}  // namespace braid
