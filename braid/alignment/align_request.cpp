#include "braid/alignment/align_request.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "braid/error.h"

namespace braid {
namespace {

// Where `value` stands among the option's choices.
std::size_t choice(const std::string& option, const std::string& value) {
  const auto& choices = AlignRequest::choices(option);
  const auto found = std::find(choices.begin(), choices.end(), value);
  require(found != choices.end(), "{}: '{}' is not one of {}", option, value,
          fmt::join(choices, ", "));
  return static_cast<std::size_t>(found - choices.begin());
}

std::set<std::string> split_components(const std::string& text) {
  std::set<std::string> components;
  std::stringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) {
    choice("components", name);
    components.insert(name);
  }
  require(!components.empty(), "components names nothing");
  return components;
}

}  // namespace

const std::vector<std::string>& AlignRequest::choices(const std::string& option) {
  static const std::map<std::string, std::vector<std::string>> all = {
      {"preset", {"paper", "best"}},
      {"components", {"ffn", "attention", "residual", "head", "pooler"}},
      {"heads", {"permute", "monotonic", "ignore"}},
      {"qk", {"shared", "separate"}},
      {"residual", {"first", "last", "all", "separate"}},
      {"correlation", {"signed", "absolute"}},
      {"special-tokens", {"keep", "drop"}},
      {"pool", {"none", "cls", "max", "mean"}},
      {"method", {"activations", "weights", "both", "learned"}},
      {"in-head", {"permutation", "orthogonal", "general"}}};
  return all.at(option);
}

MatchOptions AlignRequest::match_options(const Symmetries& symmetries) const {
  MatchOptions options;
  if (choice("preset", preset) == 1) {
    options.components = {"ffn", "attention", "residual"};
    options.query_key = QueryKey::separate;
    for (const auto& [name, axis] : symmetries.axes) options.components.insert(axis.component);
  }
  if (!components.empty()) options.components = split_components(components);
  if (!heads.empty()) options.heads = static_cast<Heads>(choice("heads", heads));
  if (!query_key.empty()) options.query_key = static_cast<QueryKey>(choice("qk", query_key));
  // One flat permutation leaves nothing for queries and keys to choose.
  if (options.heads == Heads::ignore) options.query_key = QueryKey::shared;
  if (!residual.empty()) {
    options.residual = static_cast<ResidualTaps>(choice("residual", residual));
  }
  options.absolute = choice("correlation", correlation) == 1;
  if (!in_head.empty()) options.in_head = static_cast<InHead>(choice("in-head", in_head));
  require(options.in_head == InHead::permutation || options.heads != Heads::ignore,
          "in-head maps stay inside heads; they do not go with heads ignore");
  return options;
}

std::optional<std::string> AlignRequest::closed_form() const {
  choice("method", method);
  const std::string& name = learns() ? start : method;
  const auto& methods = choices("method");
  const auto found = std::find(methods.begin(), methods.end() - 1, name);
  if (found == methods.end() - 1) return std::nullopt;
  return name;
}

bool AlignRequest::reads_text() const { return learns() || observes(); }

bool AlignRequest::observes() const {
  const std::optional<std::string> method = closed_form();
  return method && *method != "weights";
}

ObserveOptions AlignRequest::observe_options(const std::vector<std::int64_t>& special) const {
  ObserveOptions options;
  if (choice("special-tokens", special_tokens) == 1) options.dropped_ids = special;
  options.pool = static_cast<Pool>(choice("pool", pool));
  options.batch_sequences = batch_size;
  return options;
}

nlohmann::json AlignRequest::provenance(const MatchOptions& options) const {
  const auto name = [](const char* option, auto value) {
    return choices(option)[static_cast<std::size_t>(value)];
  };
  return {{"preset", preset},
          {"components", options.components},
          {"heads", name("heads", options.heads)},
          {"qk", name("qk", options.query_key)},
          {"residual", name("residual", options.residual)},
          {"method", method},
          {"in_head", name("in-head", options.in_head)},
          {"canonicalise", canonicalise},
          {"correlation", correlation},
          {"special_tokens", special_tokens},
          {"pool", pool},
          {"max_length", max_length},
          {"blocks", blocks}};
}

}  // namespace braid
