// A common vocabulary for models with different ones, by token names: rows of shared tokens are
// combined, others come from the models that have them.
#pragma once

#include "braid/models/model.h"

namespace braid {

struct MergedVocabulary {
  std::vector<Model> models;  // with zero rows for tokens they lack (Model::lacking)
  std::size_t base = 0;       // index of the model whose configuration and files are used
  TokenizerFiles files;       // of a new tokenizer; empty: the base's
};

// The index of the base among `models` models. Error unless `which` is "union", "a", "b", ...
std::size_t vocabulary_base(const std::string& which, std::size_t models);

// `which`: "a", "b", ... selects that model's tokens; "union" A's followed by further tokens of the
// others. Error if there is no such model, a folder has no tokenizer or, for the union, the
// tokenizers read text differently.
MergedVocabulary in_merged_vocabulary(const std::vector<Model>& models, const std::string& which);

// The models' parameters, with rows of tokens that a model lacks filled with the mean over the
// models that have them, weighted by `shares`. REQUIRES models in one frame.
std::vector<Tensors> with_tokens_of_the_others(const std::vector<Model>& models,
                                               const std::vector<Tensors>& parameters,
                                               std::vector<double> shares);

}  // namespace braid
