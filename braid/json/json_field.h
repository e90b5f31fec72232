// JsonField: a value in untrusted JSON, and its location. Accessors throw an Error with location,
// expected and found value if a key is missing or has the wrong type. Keeps a reference: the JSON
// must outlive it.
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
  // `where`: prefix of messages, such as a file name; may be empty.
  explicit JsonField(const nlohmann::json& json, std::string where = "");

  const nlohmann::json& json() const { return *json_; }
  const std::string& where() const { return where_; }
  bool has(const std::string& key) const;  // Error unless an object
  JsonField at(const std::string& key) const;
  // With its own prefix of messages: "axis x" rather than "axes, x".
  JsonField at(const std::string& key, std::string where) const;
  std::vector<JsonField> items() const;  // of a non-empty array
  std::vector<std::string> keys() const;

  bool boolean() const;
  const std::string& text() const;
  double number() const;  // finite
  std::int64_t integer(std::int64_t least) const;
  // Of a non-empty array.
  std::vector<double> numbers() const;
  std::vector<std::int64_t> integers() const;
  // The value of an object's `key`, or `absent` if it is missing.
  bool boolean(const std::string& key, bool absent) const;
  std::string text(const std::string& key, const std::string& absent) const;
  double number(const std::string& key, double absent) const;
  // Error if the object has any other key.
  void require_only(std::initializer_list<std::string_view> keys) const;

  // The value, for messages.
  std::string shown() const;
  // Throws the Error with expected and found value.
  [[noreturn]] void refuse(std::string_view expected) const;

 private:
  const nlohmann::json* json_;
  std::string where_;
};

}  // namespace braid
