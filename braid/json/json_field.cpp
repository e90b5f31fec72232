#include "braid/json/json_field.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

using Json = nlohmann::json;

std::string found(const Json& json) {
  if (json.is_object()) return json.empty() ? "an empty object" : "an object";
  if (json.is_array()) return json.empty() ? "an empty list" : "a list";
  if (json.is_null()) return "null";
  if (json.is_number_float() && !std::isfinite(json.get<double>())) {
    return fmt::format("{}", json.get<double>());
  }
  return printable(to_text(json));
}

bool is_integer(const Json& json) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return json.is_number_integer() &&
         (!json.is_number_unsigned() || json.get<std::uint64_t>() <= most);
}

bool is_finite(const Json& json) { return json.is_number() && std::isfinite(json.get<double>()); }

}  // namespace

JsonField::JsonField(const Json& json, std::string where)
    : json_(&json), where_(std::move(where)) {}

std::string JsonField::shown() const { return found(*json_); }

void JsonField::refuse(std::string_view expected) const {
  fail("{}{}expected {}, found {}", where_, where_.empty() ? "" : ": ", expected, shown());
}

bool JsonField::has(const std::string& key) const {
  if (!json_->is_object()) refuse("an object");
  return json_->contains(key);
}

JsonField JsonField::at(const std::string& key) const {
  return at(key, (where_.empty() ? "" : where_ + ", ") + key);
}

JsonField JsonField::at(const std::string& key, std::string where) const {
  require(has(key), "{}{}{} is missing", where_, where_.empty() ? "" : ": ", printable(key));
  return JsonField((*json_)[key], std::move(where));
}

std::vector<JsonField> JsonField::items() const {
  if (!json_->is_array() || json_->empty()) refuse("a non-empty list");
  std::vector<JsonField> items;
  for (std::size_t i = 0; i < json_->size(); ++i) {
    items.emplace_back((*json_)[i], fmt::format("{}[{}]", where_, i));
  }
  return items;
}

std::vector<std::string> JsonField::keys() const {
  if (!json_->is_object()) refuse("an object");
  std::vector<std::string> keys;
  for (const auto& [key, value] : json_->items()) keys.push_back(key);
  return keys;
}

bool JsonField::boolean() const {
  if (!json_->is_boolean()) refuse("true or false");
  return json_->get<bool>();
}

const std::string& JsonField::text() const {
  if (!json_->is_string()) refuse("a string");
  return json_->get_ref<const std::string&>();
}

double JsonField::number() const {
  if (!is_finite(*json_)) refuse("a finite number");
  return json_->get<double>();
}

std::int64_t JsonField::integer(std::int64_t least) const {
  if (!is_integer(*json_) || json_->get<std::int64_t>() < least) {
    refuse(fmt::format("an integer of at least {}", least));
  }
  return json_->get<std::int64_t>();
}

std::vector<double> JsonField::numbers() const {
  if (!json_->is_array() || json_->empty()) refuse("a list of numbers");
  std::vector<double> values;
  values.reserve(json_->size());
  for (const Json& value : *json_) {
    if (!is_finite(value)) items()[values.size()].refuse("a finite number");
    values.push_back(value.get<double>());
  }
  return values;
}

std::vector<std::int64_t> JsonField::integers() const {
  if (!json_->is_array() || json_->empty()) refuse("a list of integers");
  std::vector<std::int64_t> values;
  values.reserve(json_->size());
  for (const Json& value : *json_) {
    if (!is_integer(value)) items()[values.size()].refuse("an integer");
    values.push_back(value.get<std::int64_t>());
  }
  return values;
}

bool JsonField::boolean(const std::string& key, bool absent) const {
  return has(key) ? at(key).boolean() : absent;
}

std::string JsonField::text(const std::string& key, const std::string& absent) const {
  return has(key) ? at(key).text() : absent;
}

double JsonField::number(const std::string& key, double absent) const {
  return has(key) ? at(key).number() : absent;
}

void JsonField::require_only(std::initializer_list<std::string_view> known) const {
  for (const std::string& key : keys()) {
    const bool expected = std::find(known.begin(), known.end(), key) != known.end();
    require(expected, "{}{}unknown key {}", where_, where_.empty() ? "" : ": ", printable(key));
  }
}

}  // namespace braid
