#include "braid/models/merged_vocabulary.h"

#include <algorithm>
#include <unordered_map>

#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/models/named_entries.h"
#include "braid/notice.h"
#include "braid/text/reading.h"
#include "braid/text/tokenizer_files.h"

namespace braid {
namespace {

using Names = std::vector<std::string>;
using Tokenizers = std::vector<std::shared_ptr<const Tokenizer>>;

Tokenizers tokenizers_of(const std::vector<Model>& models) {
  Tokenizers found;
  for (const Model& model : models) {
    found.push_back(find_tokenizer(model.reads_by));
    require(found.back() != nullptr,
            "{}: no tokenizer here, so vocabularies cannot be combined by token names",
            model.folder.string());
  }
  return found;
}

std::shared_ptr<const Tokenizer> united(const Tokenizers& tokenizers,
                                        const std::vector<Model>& models) {
  std::shared_ptr<const Tokenizer> all = tokenizers.front();
  for (std::size_t k = 1; k < tokenizers.size(); ++k) {
    try {
      all = all->united_with(*tokenizers[k]);
    } catch (const Error& error) {
      fail("the vocabularies of {} and {}: {}", models.front().folder.string(),
           models[k].folder.string(), error.what());
    }
  }
  return all;
}

// The row of each name in a model; -1 if it has none. Unnamed rows belong to the base only.
Order find_rows(const Names& rows, const Names& names, std::int64_t count, bool is_base) {
  std::unordered_map<std::string_view, std::int64_t> places;
  for (std::int64_t i = 0; i < std::min(count, std::ssize(names)); ++i) {
    const std::string& name = names[static_cast<std::size_t>(i)];
    if (!name.empty()) places.emplace(name, i);
  }
  Order order;
  for (std::int64_t i = 0; i < std::ssize(rows); ++i) {
    const auto found = places.find(rows[static_cast<std::size_t>(i)]);
    const bool own = is_base && i < count && rows[static_cast<std::size_t>(i)].empty();
    order.push_back(found != places.end() ? found->second : own ? i : -1);
  }
  return order;
}

// The model with its rows in this order, and the base's special token ids.
Model with_rows(const Model& model, const Order& order, const nlohmann::json& base) {
  Model result = model;
  const at::Tensor index = at::tensor(order, at::kLong);
  const at::Tensor lacking = (index < 0).nonzero().flatten();
  for (const auto& [name, d] : places_of(model.symmetries, token_entries)) {
    at::Tensor& tensor = result.parameters.at(name);
    tensor = tensor.index_select(d, index.clamp_min(0)).index_fill(d, lacking, 0);
  }
  for (const auto& [key, value] : model.config.items()) {
    if (key.ends_with("_token_id")) result.config.erase(key);
  }
  for (const auto& [key, value] : base.items()) {
    if (key.ends_with("_token_id")) result.config[key] = value;
  }
  result.config["vocab_size"] = order.size();
  result.lacking.assign(lacking.data_ptr<std::int64_t>(),
                        lacking.data_ptr<std::int64_t>() + lacking.numel());
  return with_parameters(result, result.parameters);
}

// Error if a token has a row in no model: its tokenizer has more tokens than the embedding.
void require_rows_of_some(const std::vector<Order>& orders, const Names& rows,
                          const std::vector<Model>& models) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool some = std::any_of(orders.begin(), orders.end(),
                                  [&](const Order& order) { return order[i] >= 0; });
    if (some) continue;
    std::vector<std::string> sizes;
    for (const Model& model : models) {
      sizes.push_back(
          fmt::format("{}: {}", model.folder.string(), model.network->vocabulary_size()));
    }
    fail(
        "the token '{}' ({} of {}) has no row in any embedding (rows: {}): a tokenizer has more "
        "tokens than its model; resize that embedding (resize_token_embeddings), or use "
        "`vocabulary` a or b",
        printable(rows[i]), i, rows.size(), fmt::join(sizes, ", "));
  }
}

}  // namespace

std::size_t vocabulary_base(const std::string& which, std::size_t models) {
  const std::string last(1, static_cast<char>('a' + std::min<std::size_t>(models, 26) - 1));
  if (which == "union") return 0;
  require(which.size() == 1 && which.front() >= 'a' && which <= last,
          "`vocabulary` is '{}', expected union or a model, a to {}", which, last);
  return static_cast<std::size_t>(which.front() - 'a');
}

MergedVocabulary in_merged_vocabulary(const std::vector<Model>& models, const std::string& which) {
  MergedVocabulary common;
  common.base = vocabulary_base(which, models.size());
  const Tokenizers tokenizers = tokenizers_of(models);
  const Model& base = models[common.base];
  const bool all = which == "union";
  const auto tokenizer = all ? united(tokenizers, models) : tokenizers[common.base];
  if (all) common.files = tokenizer->files();
  Names rows = tokenizer->tokens();
  if (!all) rows.resize(static_cast<std::size_t>(base.network->vocabulary_size()));
  std::vector<Order> orders;
  for (std::size_t k = 0; k < models.size(); ++k) {
    const std::string reading = difference_of_reading(*tokenizer, *tokenizers[k]);
    if (!all && !reading.empty()) {
      notice(
          "{}: its tokenizer reads text differently from that of {}, which replaces it (also for "
          "losses): {}",
          models[k].folder.string(), base.folder.string(), reading);
    }
    orders.push_back(find_rows(rows, tokenizers[k]->tokens(), models[k].network->vocabulary_size(),
                               k == common.base));
  }
  require_rows_of_some(orders, rows, models);
  for (std::size_t k = 0; k < models.size(); ++k) {
    common.models.push_back(with_rows(models[k], orders[k], base.config));
    common.models.back().reads_by = base.folder;
    common.models.back().tokenizer = tokenizer;
  }
  return common;
}

std::vector<Tensors> with_tokens_of_the_others(const std::vector<Model>& models,
                                               const std::vector<Tensors>& parameters,
                                               std::vector<double> shares) {
  const auto whole = [](const Model& model) { return model.lacking.empty(); };
  if (std::all_of(models.begin(), models.end(), whole)) return parameters;
  std::vector<Tensors> result = parameters;
  // At the end of a path a model has share 0, but may be the only one with a token.
  const bool all_count = std::all_of(shares.begin(), shares.end(), [](double s) { return s > 0; });
  if (!all_count) shares.assign(shares.size(), 1.0);
  for (const auto& [name, d] : places_of(models.front().symmetries, token_entries)) {
    const at::Tensor& like = parameters.front().at(name);
    std::vector<std::int64_t> along(static_cast<std::size_t>(like.dim()), 1);
    along[static_cast<std::size_t>(d)] = like.size(d);
    std::vector<at::Tensor> lacks;
    at::Tensor sum = at::zeros_like(like, at::kDouble), weight = at::zeros(along, at::kDouble);
    for (std::size_t k = 0; k < models.size(); ++k) {
      at::Tensor has = at::ones({like.size(d)}, at::kDouble);
      if (!models[k].lacking.empty()) has.index_fill_(0, at::tensor(models[k].lacking), 0);
      has = has.view(along);
      lacks.push_back(has == 0);
      sum += parameters[k].at(name).to(at::kDouble) * has * shares[k];
      weight += has * shares[k];
    }
    for (std::size_t k = 0; k < models.size(); ++k) {
      at::Tensor& tensor = result[k].at(name);
      tensor = at::where(lacks[k], (sum / weight).to(tensor.scalar_type()), tensor);
    }
  }
  return result;
}

}  // namespace braid
