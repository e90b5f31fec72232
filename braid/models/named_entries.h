// Entries that nothing acts on have names: rows of the vocabulary are tokens, outputs of
// classifiers are labels. By these names, not by their places, models are combined and scored.
#pragma once

#include "braid/models/model.h"

namespace braid {

using Order = std::vector<std::int64_t>;  // entry i is what stood at order[i]

// The labels by output, as config.json's id2label has them; none where it says nothing or only
// LABEL_0. Error naming the key where it is no such list.
std::vector<std::string> label_names(const nlohmann::json& config);

// What a use of an axis names its entries by (symmetry/pattern.h).
inline constexpr const char *token_entries = "token", *label_entries = "label";

// Tensors of the table with the dimensions in which they have such entries.
std::vector<std::pair<std::string, std::int64_t>> places_of(const Symmetries& symmetries,
                                                            const std::string& entries);

// How `from` must be ordered to be `to`; nothing where they are not the same names, each once.
std::optional<Order> order_of(const std::vector<std::string>& from,
                              const std::vector<std::string>& to);

// The model with its entries of this name ("token", "label") in another order, and a note of it.
Model reordered(const Model& model, const std::string& entries, const Order& order);

// With all entries where its folder has them.
Tensors as_stored(const Model& model);

// Error unless the tokenizers of both, where they have one, give every text the same ids, so that
// one may read for both. Gives notice where special tokens have other roles.
void require_same_ids(const Model& a, const Model& b);

// B with its tokens and labels in A's order, to be read by A's tokenizer. Gives notice where it
// reorders them, and where it must take them to be the same, as a folder does not name them. Error
// unless the architectures are the same, and so are the names and how text is read.
Model in_order_of(const Model& a, const Model& b);

}  // namespace braid
