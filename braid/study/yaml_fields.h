// YamlFields: reads the keys of one YAML mapping by name; unread keys are an Error.
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "braid/pipeline/options.h"

namespace braid {

class YamlFields {
 public:
  // `values`: values of ${name}; must outlive this.
  YamlFields(const YAML::Node& node, std::string file,
             const std::map<std::string, std::string>& values);

  bool has(const std::string& key) const { return node_[key].IsDefined(); }
  // Leaves `value` unchanged if the key is missing.
  void read(const std::string& key, std::string& value);
  void read(const std::string& key, std::int64_t& value);
  void read(const std::string& key, std::uint64_t& value);
  void read(const std::string& key, double& value);
  void read(const std::string& key, bool& value);
  void read(const Option& option);  // by its name; lists as YAML lists or separated by commas
  std::string text(const std::string& key);  // throws if missing
  YAML::Node node(const std::string& key);   // throws if missing
  YamlFields map(const std::string& key) { return {node(key), file_, values_}; }
  std::vector<YamlFields> list(const std::string& key);
  std::string scalar(const YAML::Node& node) const;  // with ${name} replaced
  std::vector<std::int64_t> integers(const std::string& key);

  // Throws, naming the key, if a key was not read.
  void done() const;
  // "file:line: ..."
  template <typename... Args>
  [[noreturn]] void wrong(const YAML::Node& node, fmt::format_string<Args...> format,
                          Args&&... args) const {
    fail("{}:{}: {}", file_, node.Mark().line + 1,
         fmt::format(format, std::forward<Args>(args)...));
  }
  const YAML::Node& self() const { return node_; }

 private:
  template <typename T>
  void read_as(const std::string& key, T& value, const char* kind);

  YAML::Node node_;
  std::string file_;
  const std::map<std::string, std::string>& values_;
  std::set<std::string> asked_;
};

}  // namespace braid
