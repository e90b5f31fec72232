// Named entries: rows of the vocabulary are tokens, outputs of classifiers are labels. Models are
// combined and scored by these names, not by index.
#pragma once

#include "braid/models/model.h"

namespace braid {

using Order = std::vector<std::int64_t>;  // entry i was at order[i]

// The labels by output, from config.json's id2label; empty if missing or generic (LABEL_0, ...).
// Error naming the key if it does not name outputs 0, 1, ...
std::vector<std::string> label_names(const nlohmann::json& config);

// AxisUse::entries (symmetry/pattern.h).
inline constexpr const char *token_entries = "token", *label_entries = "label";

// Tensors of the table with such entries, and their dimension.
std::vector<std::pair<std::string, std::int64_t>> places_of(const Symmetries& symmetries,
                                                            const std::string& entries);

// The order that turns `from` into `to`; nullopt unless they are the same names, each once.
std::optional<Order> order_of(const std::vector<std::string>& from,
                              const std::vector<std::string>& to);

// The model with its "token" or "label" entries in another order, recorded in Model::orders.
Model reordered(const Model& model, const std::string& entries, const Order& order);

// The parameters with all entries in the order of the folder.
Tensors as_stored(const Model& model);

// Error unless both tokenizers, if present, give every text the same ids, so that one can be used
// for both models. Notice if special tokens have different roles.
void require_same_ids(const Model& a, const Model& b);

// B with its tokens and labels in A's order, to be used with A's tokenizer. Notice if they are
// reordered, or assumed to be the same because a folder does not name them. Error if
// architectures, names or the reading of text differ.
Model in_order_of(const Model& a, const Model& b);

}  // namespace braid
