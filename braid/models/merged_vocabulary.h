// One vocabulary for models of different ones, by the names of their tokens: rows of tokens that
// several have are combined, the others come from the models that have them.
#pragma once

#include "braid/models/model.h"

namespace braid {

struct MergedVocabulary {
  std::vector<Model> models;  // with rows of zeros for the tokens that they lack (Model.lacking)
  std::size_t base = 0;       // the model whose configuration and files go with it
  TokenizerFiles files;       // of a tokenizer that no model has; empty: the base's
};

// The base of `models` so many. Error where `which` is none of "union", "a", "b", ...
std::size_t vocabulary_base(const std::string& which, std::size_t models);

// `which`: "a", "b", ... are that model's tokens; "union" is A's and then those that the others
// have besides. Error where there is no such model, a folder has no tokenizer or, for the union,
// where the tokenizers do not read text in the same way.
MergedVocabulary in_merged_vocabulary(const std::vector<Model>& models, const std::string& which);

// The models' parameters in one frame, each with rows for the tokens that it lacks: the mean of
// those of the models that have them, by their shares.
std::vector<Tensors> with_tokens_of_the_others(const std::vector<Model>& models,
                                               const std::vector<Tensors>& parameters,
                                               std::vector<double> shares);

}  // namespace braid
