// JsonField: a value of a JSON file that nobody vouches for, and where it stands. Asking for what
// is not there, or is of another type, is an Error that says where, what was expected and what was
// found. Keeps a reference: the JSON must outlive it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace braid {

class JsonField {
 public:
  // `where`: how messages begin, such as a file's name; may be empty.
  explicit JsonField(const nlohmann::json& json, std::string where = "");

  const nlohmann::json& json() const { return *json_; }
  const std::string& where() const { return where_; }
  bool has(const std::string& key) const;  // of an object
  JsonField at(const std::string& key) const;
  // At a place of its own in messages: "axis x" rather than "axes: x".
  JsonField at(const std::string& key, std::string where) const;
  std::vector<JsonField> items() const;  // of an array
  std::vector<std::string> keys() const;

  bool boolean() const;
  const std::string& text() const;
  double number() const;  // finite
  std::int64_t integer(std::int64_t least) const;
  // Of an array of at least one.
  std::vector<double> numbers() const;
  std::vector<std::int64_t> integers() const;
  // What an object says of `key`; `absent` where it does not have it.
  bool boolean(const std::string& key, bool absent) const;
  std::string text(const std::string& key, const std::string& absent) const;
  double number(const std::string& key, double absent) const;
  // Error where the object has another key.
  void require_only(std::initializer_list<std::string_view> keys) const;

  // As messages show it.
  std::string shown() const;
  // Error that names what was found.
  [[noreturn]] void refuse(std::string_view expected) const;

 private:
  const nlohmann::json* json_;
  std::string where_;
};

}  // namespace braid
