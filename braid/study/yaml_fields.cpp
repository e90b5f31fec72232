#include "braid/study/yaml_fields.h"

namespace braid {
YamlFields::YamlFields(const YAML::Node& node, std::string file,
                       const std::map<std::string, std::string>& values)
    : node_(node), file_(std::move(file)), values_(values) {
  if (!node_.IsMap()) wrong(node_, "expected a mapping, key: value");
}

std::string YamlFields::scalar(const YAML::Node& node) const {
  if (!node.IsScalar()) wrong(node, "expected a single value");
  std::string text = node.Scalar();
  for (std::size_t begin = text.find("${"); begin != std::string::npos;
       begin = text.find("${", begin)) {
    const std::size_t end = text.find('}', begin);
    const std::string name = text.substr(begin + 2, end - begin - 2);
    const auto found = values_.find(name);
    if (end == std::string::npos || found == values_.end()) {
      wrong(node, "${{{}}} is not defined; pass `set` {}=VALUE, or add it under define", name,
            name);
    }
    text.replace(begin, end - begin + 1, found->second);
    begin += found->second.size();
  }
  return text;
}

template <typename T>
void YamlFields::read_as(const std::string& key, T& value, const char* kind) {
  asked_.insert(key);
  if (!has(key)) return;
  const std::string text = scalar(node_[key]);
  try {
    value = YAML::Load(text).as<T>();
  } catch (const YAML::Exception&) {
    wrong(node_[key], "{}: '{}' is not {}", key, text, kind);
  }
}

void YamlFields::read(const std::string& key, std::string& value) {
  asked_.insert(key);
  if (has(key)) value = scalar(node_[key]);
}
void YamlFields::read(const std::string& key, std::int64_t& value) {
  read_as(key, value, "an integer");
}
void YamlFields::read(const std::string& key, std::uint64_t& value) {
  read_as(key, value, "an integer of at least 0");
}
void YamlFields::read(const std::string& key, double& value) { read_as(key, value, "a number"); }
void YamlFields::read(const std::string& key, bool& value) { read_as(key, value, "true or false"); }

void YamlFields::read(const Option& option) {
  asked_.insert(option.name);
  if (!has(option.name)) return;
  const YAML::Node found = node_[option.name];
  if (option.kind == OptionKind::flag) {
    bool given = false;
    read(option.name, given);
    return option.set(given);
  }
  std::string text;
  if (found.IsSequence()) {
    for (const YAML::Node& item : found) text += (text.empty() ? "" : ",") + scalar(item);
  } else {
    text = scalar(found);
  }
  try {
    option.parse(text);
  } catch (const Error& error) {
    wrong(found, "{}", error.what());
  }
}

YAML::Node YamlFields::node(const std::string& key) {
  asked_.insert(key);
  if (!has(key)) wrong(node_, "'{}' is missing", key);
  return node_[key];
}

std::string YamlFields::text(const std::string& key) { return scalar(node(key)); }

std::vector<YamlFields> YamlFields::list(const std::string& key) {
  const YAML::Node sequence = node(key);
  if (!sequence.IsSequence()) wrong(sequence, "{}: expected a list", key);
  std::vector<YamlFields> fields;
  for (const YAML::Node& item : sequence) fields.emplace_back(item, file_, values_);
  return fields;
}

std::vector<std::int64_t> YamlFields::integers(const std::string& key) {
  const YAML::Node sequence = node(key);
  if (!sequence.IsSequence()) wrong(sequence, "{}: expected a list of integers", key);
  std::vector<std::int64_t> numbers;
  for (const YAML::Node& item : sequence) {
    try {
      numbers.push_back(YAML::Load(scalar(item)).as<std::int64_t>());
    } catch (const YAML::Exception&) {
      wrong(item, "{}: '{}' is not an integer", key, scalar(item));
    }
  }
  return numbers;
}

void YamlFields::done() const {
  for (const auto& entry : node_) {
    const std::string key = entry.first.Scalar();
    if (asked_.contains(key)) continue;
    wrong(entry.first, "'{}' is not a known key; expected one of: {}", key,
          fmt::join(asked_, ", "));
  }
}

}  // namespace braid
