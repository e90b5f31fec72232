// parse_json reads what Python's json module writes, and to_python_text what it reads.
#include "braid/json/json_text.h"

#include <gmock/gmock.h>

#include <cmath>

#include "braid/error.h"
#include "braid/json/json_field.h"

namespace braid {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string refusal(std::string_view text) {
  try {
    parse_json(text, "the file");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(JsonText, NumbersThatAreNotFiniteAreReadAndWrittenAsPythonDoes) {
  const auto json = parse_json(R"({"a": [NaN, -Infinity, Infinity], "b\\\"NaN": "Infinity"})", "x");
  EXPECT_TRUE(std::isnan(json["a"][0].get<double>()));
  EXPECT_EQ(json["a"][1].get<double>(), -INFINITY);
  EXPECT_EQ(json["a"][2].get<double>(), INFINITY);
  EXPECT_EQ(json["b\\\"NaN"], "Infinity");
  const std::string text = to_python_text(json);
  EXPECT_THAT(text, HasSubstr("-Infinity,"));
  EXPECT_THAT(text, Not(HasSubstr("null")));
  const auto again = parse_json(text, "x");
  EXPECT_EQ(again["a"][1], json["a"][1]);
  EXPECT_EQ(to_python_text(again), text);
}

TEST(JsonText, SuchNumbersAreRefusedWhereOneIsNeeded) {
  const auto json = parse_json(R"({"eps": NaN, "big": -Infinity})", "x");
  const JsonField fields(json, "config.json");
  const auto message = [&](const char* key) -> std::string {
    try {
      fields.number(key, 0);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("eps"), HasSubstr("config.json, eps: expected a finite number, found nan"));
  EXPECT_THAT(message("big"), HasSubstr("found -inf"));
}

TEST(JsonText, WhatIsNoJsonIsRefusedInWords) {
  for (const char* text : {"", "{", "{}x", "{\"a\": nan}", "{\"a\": +Infinity}", "{NaN: 1}",
                           "[NaNNaN]", "{\"a\": 1e999}"}) {
    EXPECT_THAT(refusal(text), HasSubstr("the file: not valid JSON")) << text;
  }
  EXPECT_THAT(refusal(R"({"a": {"b": 1, "b": 2}})"), HasSubstr("\"b\" is there twice"));
  EXPECT_THAT(refusal(std::string(100, '[')), HasSubstr("nested deeper"));
}

TEST(JsonText, ADoubledKeyIsRefusedByItsLine) {
  EXPECT_THAT(refusal("{\"a\": [\"\\\"\",\n \"a\"], \"b\": {\"a\": NaN},\n\n\"a\": 2, \"c\": 1}"),
              HasSubstr("the file: line 4: \"a\" is there twice"));
  EXPECT_THAT(refusal("{\n\"a\": {\n\"x\": 1,\n\"x\": 1}}"),
              HasSubstr("the file: line 4: \"x\" is there twice"));
}

TEST(JsonText, KeysKeepTheOrderOfTheText) {
  KeyOrder order;
  parse_json(R"({"z": {"b": {"deep": 1}, "a": 2}, "y": 3})", "x", {}, &order);
  EXPECT_EQ(order, (KeyOrder{{1, "z"}, {2, "b"}, {2, "a"}, {1, "y"}}));
}

}  // namespace
}  // namespace braid
