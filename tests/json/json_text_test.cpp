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

// What stands for such numbers on the way is a string that a file may hold as well.
TEST(JsonText, StringsThatLookLikeMarksStayStrings) {
  const std::string text =
      R"({"\u0001NaN": "\u0001NaN", "a": ["\u0001\u0001NaN", "\u0001", "\u0001x", NaN], "n": "NaN"})";
  const auto json = parse_json(text, "x");
  EXPECT_EQ(json["\x01NaN"], "\x01NaN");
  EXPECT_EQ(json["a"][0], "\x01\x01NaN");
  EXPECT_EQ(json["a"][1], "\x01");
  EXPECT_EQ(json["a"][2], "\x01x");
  EXPECT_TRUE(std::isnan(json["a"][3].get<double>()));
  const std::string written = to_python_text(json);
  EXPECT_THAT(written, HasSubstr(R"("\u0001NaN": "\u0001NaN")"));
  EXPECT_THAT(written, HasSubstr("    NaN\n"));
  EXPECT_EQ(to_python_text(parse_json(written, "x")), written);
}

TEST(JsonText, PlacesAreThoseOfTheFile) {
  EXPECT_THAT(refusal("[1, ?, 2]"), HasSubstr("byte 5 of 9"));
  EXPECT_THAT(refusal("[NaN, ?, NaN]"), HasSubstr("byte 7 of 13"));
  EXPECT_THAT(refusal(R"(["\u0001", NaN, ?])"), HasSubstr("byte 17 of 18"));
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
  EXPECT_THAT(refusal(R"({"a": {"b": 1, "b": 2}})"), HasSubstr("duplicate key \"b\""));
  EXPECT_THAT(refusal(std::string(100, '[')), HasSubstr("nested deeper"));
}

TEST(JsonText, ADoubledKeyIsRefusedByItsLine) {
  EXPECT_THAT(refusal("{\"a\": [\"\\\"\",\n \"a\"], \"b\": {\"a\": NaN},\n\n\"a\": 2, \"c\": 1}"),
              HasSubstr("the file: line 4: duplicate key \"a\""));
  EXPECT_THAT(refusal("{\n\"a\": {\n\"x\": 1,\n\"x\": 1}}"),
              HasSubstr("the file: line 4: duplicate key \"x\""));
}

TEST(JsonText, KeysKeepTheOrderOfTheText) {
  KeyOrder order;
  parse_json(R"({"z": {"b": {"deep": 1}, "a": 2}, "y": 3})", "x", {}, &order);
  EXPECT_EQ(order, (KeyOrder{{1, "z"}, {2, "b"}, {2, "a"}, {1, "y"}}));
}

}  // namespace
}  // namespace braid
