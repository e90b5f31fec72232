#include "braid/models/named_entries.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <set>

#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/notice.h"
#include "braid/text/reading.h"

namespace braid {
namespace {

bool is_generic(const std::string& label) {
  constexpr std::string_view prefix = "LABEL_";
  return label.starts_with(prefix) &&
         label.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
}

std::int64_t count_of(const Model& model, const std::string& entries) {
  const auto places = places_of(model.symmetries, entries);
  return places.empty() ? 0 : model.parameters.at(places[0].first).size(places[0].second);
}

void reorder(const Symmetries& symmetries, const std::string& entries, const Order& order,
             Tensors& parameters) {
  const at::Tensor index = at::tensor(order, at::kLong);
  const std::int64_t named = index.size(0);  // unnamed entries after these, such as padding, stay
  for (const auto& [name, d] : places_of(symmetries, entries)) {
    at::Tensor& tensor = parameters.at(name);
    const at::Tensor moved = tensor.narrow(d, 0, named).index_select(d, index);
    tensor = at::cat({moved, tensor.narrow(d, named, tensor.size(d) - named)}, d);
  }
}

Order inverse(const Order& order) {
  Order back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    back[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  }
  return back;
}

// "3 only in the first ('w4')"; empty if none.
std::string those_alone(const char* which, const std::vector<std::string>& names,
                        const std::vector<std::string>& others) {
  const std::set<std::string_view> known(others.begin(), others.end());
  std::vector<std::string> alone;
  std::copy_if(names.begin(), names.end(), std::back_inserter(alone),
               [&](const std::string& name) { return !known.contains(name); });
  if (alone.empty()) return "";
  return fmt::format("{} only in the {} ('{}')", alone.size(), which, printable(alone.front()));
}

std::string difference(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const std::string first = those_alone("first", a, b), second = those_alone("second", b, a);
  if (first.empty() && second.empty()) {
    return fmt::format("{} and {} entries, some duplicate", a.size(), b.size());
  }
  return first + (first.empty() || second.empty() ? "" : ", ") + second;
}

// B with these entries in A's order. `what`: their plural, for messages.
Model match(const Model& a, const Model& b, const std::string& entries, const char* what,
            const std::vector<std::string>& names_a, const std::vector<std::string>& names_b) {
  if (names_a == names_b) return b;
  const std::string x = a.folder.string(), y = b.folder.string();
  const std::optional<Order> order = order_of(names_b, names_a);
  require(order.has_value(), "the {} of {} and {} differ: {}; their rows cannot be combined{}",
          what, x, y, difference(names_a, names_b),
          entries == token_entries ? ", except by merge with `vocabulary`" : "");
  notice("{}: its {} are in another order than in {}; using that order", y, what, x);
  return reordered(b, entries, *order);
}

// Drops tokens without a row in the model.
std::vector<std::string> with_rows(std::vector<std::string> names, const Model& model) {
  const std::int64_t rows = count_of(model, token_entries);
  if (rows > 0 && std::ssize(names) > rows) names.resize(static_cast<std::size_t>(rows));
  return names;
}

void require_rows(const std::vector<std::string>& labels, const Model& model) {
  const std::int64_t rows = count_of(model, label_entries);
  require(std::ssize(labels) <= rows,
          "{}: config.json names {} labels (id2label), but its head has {}", model.folder.string(),
          labels.size(), rows);
}

Model match_labels(const Model& a, Model b) {
  if (count_of(a, label_entries) < 2) return b;
  const std::vector<std::string> names_a = label_names(a.config), names_b = label_names(b.config);
  if (names_a.empty() || names_b.empty()) {
    const Model& without = names_a.empty() ? a : b;
    notice("{}: its labels have no names (id2label); assuming the order of {}",
           without.folder.string(), (names_a.empty() ? b : a).folder.string());
    return b;
  }
  require_rows(names_a, a);
  require_rows(names_b, b);
  b = match(a, b, label_entries, "labels", names_a, names_b);
  for (const char* key : {"id2label", "label2id"}) {
    if (a.config.contains(key)) b.config[key] = a.config[key];
  }
  return b;
}

void require_same_reading(const Model& a, const Tokenizer& of_a, const Model& b,
                          const Tokenizer& of_b) {
  const std::string x = a.folder.string(), y = b.folder.string();
  const std::string reading = difference_of_reading(of_a, of_b);
  require(
      reading.empty(),
      "the tokenizers of {} and {} have the same tokens, but read text differently: {}; put the "
      "one that both models were trained with into both folders, or merge with `vocabulary`",
      x, y, reading);
  const std::string roles = difference_of_roles(of_a, of_b);
  if (!roles.empty()) {
    notice("the tokenizers of {} and {} use special tokens differently: {}; using the first", x, y,
           roles);
  }
}

Model match_tokens(const Model& a, Model b) {
  if (a.reads_by == b.reads_by) return b;
  const auto of_a = find_tokenizer(a.reads_by), of_b = find_tokenizer(b.reads_by);
  if (of_a && of_b) {
    b = match(a, b, token_entries, "vocabularies", with_rows(of_a->tokens(), a),
              with_rows(of_b->tokens(), b));
    require_same_reading(a, *of_a, b, *of_b);
  } else if (of_a || of_b) {
    notice("{}: no tokenizer here; assuming the token ids of {}", (of_a ? b : a).folder.string(),
           (of_a ? a : b).folder.string());
  }
  b.reads_by = a.reads_by;
  return b;
}

// Notices about texts that the two sentence encoders truncate or change differently.
void say_of_sentences(const Model& a, const Model& b) {
  if (!a.sentence || a.folder == b.folder) return;
  const std::string x = a.folder.string(), y = b.folder.string();
  if (a.sentence->longest != b.sentence->longest) {
    notice("max_seq_length is {} in {}, but {} in {}; using the first for both",
           a.sentence->longest, x, b.sentence->longest, y);
  }
  if (a.sentence->text_changes != b.sentence->text_changes) {
    notice("{} and {} change texts differently before the tokenizer ({}; {})", x, y,
           a.sentence->text_changes.empty() ? "nothing" : a.sentence->text_changes,
           b.sentence->text_changes.empty() ? "nothing" : b.sentence->text_changes);
  }
}

}  // namespace

std::vector<std::string> label_names(const nlohmann::json& config) {
  const JsonField fields = config_fields(config);
  if (!fields.has("id2label") || fields.at("id2label").json().is_null()) return {};
  const JsonField by_id = fields.at("id2label");
  std::vector<std::string> names;
  const std::size_t count = by_id.keys().size();
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back(by_id.at(std::to_string(i)).text());
  }
  return std::all_of(names.begin(), names.end(), is_generic) ? std::vector<std::string>() : names;
}

std::vector<std::pair<std::string, std::int64_t>> places_of(const Symmetries& symmetries,
                                                            const std::string& entries) {
  std::vector<std::pair<std::string, std::int64_t>> places;
  for (const auto& [name, pattern] : symmetries.tensors) {
    for (std::size_t d = 0; d < pattern.size(); ++d) {
      for (const Product& product : pattern[d]) {
        if (product.front().entries == entries) places.emplace_back(name, d);
      }
    }
  }
  return places;
}

std::optional<Order> order_of(const std::vector<std::string>& from,
                              const std::vector<std::string>& to) {
  if (from.size() != to.size()) return std::nullopt;
  std::map<std::string, std::deque<std::int64_t>> places;
  for (std::size_t i = 0; i < from.size(); ++i) {
    places[from[i]].push_back(static_cast<std::int64_t>(i));
  }
  Order order;
  for (const std::string& name : to) {
    std::deque<std::int64_t>& left = places[name];
    // Unnamed entries are interchangeable; a duplicate name is ambiguous.
    if (left.empty() || (left.size() > 1 && !name.empty())) return std::nullopt;
    order.push_back(left.front());
    left.pop_front();
  }
  return order;
}

Model reordered(const Model& model, const std::string& entries, const Order& order) {
  Model result = model;
  reorder(model.symmetries, entries, order, result.parameters);
  Order& total = result.orders[entries];
  if (total.empty()) {
    total = order;
  } else {
    Order both;
    for (const std::int64_t i : order) both.push_back(total[static_cast<std::size_t>(i)]);
    total = both;
  }
  return result;
}

Tensors as_stored(const Model& model) {
  Tensors stored = model.parameters;
  for (const auto& [entries, order] : model.orders) {
    reorder(model.symmetries, entries, inverse(order), stored);
  }
  return stored;
}

void require_same_ids(const Model& a, const Model& b) {
  if (a.reads_by == b.reads_by) return;
  const auto of_a = find_tokenizer(a.reads_by), of_b = find_tokenizer(b.reads_by);
  if (!of_a || !of_b) return;
  require(of_a->tokens() == of_b->tokens(),
          "the tokenizers of {} and {} have different tokens or token ids, so one text has "
          "different ids",
          a.folder.string(), b.folder.string());
  require_same_reading(a, *of_a, b, *of_b);
}

Model in_order_of(const Model& a, const Model& b) {
  const std::int64_t rows_a = count_of(a, token_entries), rows_b = count_of(b, token_entries);
  require(
      rows_a == rows_b || a.symmetries.family != b.symmetries.family,
      "{} has {} token rows, but {} has {}: their vocabularies differ; merge combines them with "
      "`vocabulary`",
      a.folder.string(), rows_a, b.folder.string(), rows_b);
  require_same_architecture(a, b);
  say_of_sentences(a, b);
  return match_tokens(a, match_labels(a, b));
}

}  // namespace braid
