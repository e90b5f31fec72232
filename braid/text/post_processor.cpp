#include "braid/text/post_processor.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;
using Ids = std::vector<std::int64_t>;

std::int64_t known_id(const Json& token, const Json& id, const TokenTable& table,
                      const std::string& source) {
  const auto content = token.get<std::string>();
  require(id.is_number_integer() && table.find(content) == id.get<std::int64_t>(),
          "{}: the post_processor's id {} is not that of '{}'", source, id.dump(), content);
  return id.get<std::int64_t>();
}

// [CLS] A [SEP] B [SEP], or <s> A </s></s> B </s>.
SequenceTemplate read_processing(const Json& json, bool of_bert, const TokenTable& table,
                                 const std::string& source) {
  const Json &cls = json.at("cls"), &sep = json.at("sep");
  const std::int64_t before = known_id(cls.at(0), cls.at(1), table, source);
  const std::int64_t after = known_id(sep.at(0), sep.at(1), table, source);
  return {{before}, {after}, of_bert ? Ids{after} : Ids{after, after}, of_bert};
}

// A template split at its texts: the ids before, between and after them, with their types.
struct Parts {
  std::string texts;  // "A", "AB"
  std::vector<std::pair<Ids, Ids>> ids_and_types{1};
  Ids types_of_texts;
};

Parts read_parts(const Json& list, const Json& special, const TokenTable& table,
                 const std::string& source) {
  Parts parts;
  for (const Json& part : list) {
    require(
        part.is_object() && part.size() == 1,
        "{}: expected a part of the post_processor to be SpecialToken or Sequence, found {:.80}",
        source, part.dump());
    const std::string& kind = part.begin().key();
    const Json& value = part.begin().value();
    const auto type = value.at("type_id").get<std::int64_t>();
    const Json& name = value.at("id");
    if (kind == "Sequence") {
      parts.texts += name.get<std::string>();
      parts.types_of_texts.push_back(type);
      parts.ids_and_types.emplace_back();
      continue;
    }
    require(kind == "SpecialToken", "{}: expected a post_processor of SpecialToken and Sequence",
            source);
    const Json& token = special.at(name.get<std::string>());
    require(token.at("ids").size() == token.at("tokens").size(),
            "{}: expected the post_processor's {} to have a token for each id", source,
            name.dump());
    for (std::size_t i = 0; i < token.at("ids").size(); ++i) {
      auto& [ids, types] = parts.ids_and_types.back();
      ids.push_back(known_id(token["tokens"].at(i), token["ids"][i], table, source));
      types.push_back(type);
    }
  }
  return parts;
}

// Adds the special tokens of pairs, if a SequenceTemplate can represent them.
void add_pair(const Parts& pair, SequenceTemplate& form) {
  if (pair.texts != "AB" || pair.ids_and_types[0].first != form.before ||
      pair.ids_and_types[2].first != form.after) {
    return;
  }
  Ids types = pair.ids_and_types[0].second;
  const auto append = [&](const Ids& more) { types.insert(types.end(), more.begin(), more.end()); };
  types.push_back(pair.types_of_texts[0]);
  const auto& [between, types_between] = pair.ids_and_types[1];
  append(types_between);
  types.push_back(pair.types_of_texts[1]);
  append(pair.ids_and_types[2].second);
  const std::int64_t second = pair.types_of_texts[1];
  // Types must be 0 up to a point between the texts, and then those of the second text.
  const auto turn = std::find_if(types.begin(), types.end(), [](auto type) { return type != 0; });
  const auto ones = static_cast<std::size_t>(types.end() - turn);
  const std::size_t after = 1 + form.after.size();
  const bool known = std::all_of(turn, types.end(), [](auto type) { return type == 1; }) &&
                     (second == 0 ? ones == 0 : ones >= after && ones <= after + between.size());
  if (!known) return;
  form.between = between;
  form.typed = second == 1;
  form.typed_between = form.typed ? ones - after : 0;
}

SequenceTemplate read_template(const Json& json, const TokenTable& table,
                               const std::string& source) {
  const Json& special = json.at("special_tokens");
  const Parts single = read_parts(json.at("single"), special, table, source);
  require(single.texts == "A", "{}: expected the post_processor to have the text A once", source);
  SequenceTemplate form;
  form.before = single.ids_and_types[0].first;
  form.after = single.ids_and_types[1].first;
  add_pair(read_parts(json.at("pair"), special, table, source), form);
  return form;
}

void read(const Json& json, const TokenTable& table, const std::string& source,
          std::vector<SequenceTemplate>& found) {
  const Json& type = json.at("type");
  if (type == "ByteLevel") return;
  if (type == "Sequence") {
    for (const Json& step : json.at("processors")) read(step, table, source, found);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    found.push_back(read_processing(json, type == "BertProcessing", table, source));
  } else {
    require(type == "TemplateProcessing",
            "{}: the post_processor {:.80} is not supported; expected TemplateProcessing, "
            "BertProcessing, RobertaProcessing, ByteLevel or a Sequence of them",
            source, type.dump());
    found.push_back(read_template(json, table, source));
  }
}

}  // namespace

SequenceTemplate read_post_processor(const Json& json, const TokenTable& table,
                                     const std::string& source) {
  std::vector<SequenceTemplate> found;
  try {
    if (!json.is_null()) read(json, table, source, found);
  } catch (const Json::exception&) {
    fail("{}: expected a post_processor of special tokens and texts, found {:.80}", source,
         json.dump());
  }
  require(found.size() <= 1, "{}: has {} post_processors that add tokens; expected at most one",
          source, found.size());
  return found.empty() ? mark_ends(std::nullopt, std::nullopt) : found.front();
}

SequenceTemplate mark_ends(std::optional<std::int64_t> bos, std::optional<std::int64_t> eos) {
  SequenceTemplate form;
  form.typed = true;
  form.between.emplace();
  if (eos) {
    form.after = {*eos};
    form.between->push_back(*eos);
  }
  if (bos) {
    form.before = {*bos};
    form.between->push_back(*bos);
    form.typed_between = 1;
  }
  return form;
}

Json write_post_processor(const SequenceTemplate& form, const TokenTable& table) {
  require(form.between.has_value(),
          "this tokenizer has a template for pairs that cannot be written; copy the files of its "
          "folder");
  Json special = Json::object();
  const auto add_marks = [&](Json& list, const Ids& ids, std::size_t typed) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::string& token = table.token(ids[i]);
      special[token] = {{"id", token}, {"ids", {ids[i]}}, {"tokens", {token}}};
      list.push_back(
          {{"SpecialToken", {{"id", token}, {"type_id", i + typed < ids.size() ? 0 : 1}}}});
    }
  };
  const auto add_text = [](Json& list, const char* name, int type) {
    list.push_back({{"Sequence", {{"id", name}, {"type_id", type}}}});
  };
  Json single = Json::array();
  add_marks(single, form.before, 0);
  add_text(single, "A", 0);
  Json pair = single;
  add_marks(single, form.after, 0);
  add_marks(pair, *form.between, form.typed_between);
  add_text(pair, "B", form.typed ? 1 : 0);
  add_marks(pair, form.after, form.typed ? form.after.size() : 0);
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"pair", pair},
          {"special_tokens", special}};
}

}  // namespace braid
