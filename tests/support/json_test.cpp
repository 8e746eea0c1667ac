// SPDX-License-Identifier: Apache-2.0
// What Python's json writes and JSON does not have.
#include "zoetrope/support/json.hpp"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zoetrope::support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(PythonJson, NumbersThatAreNotFiniteAreRead) {
  const Json json =
      parse_python_json(R"({"a": NaN, "b": [1, Infinity, {"c": -Infinity}], "d": -2.5e1})", "x");

  EXPECT_TRUE(std::isnan(json.at("a").get<double>()));
  EXPECT_EQ(json.at("b").at(0), 1);
  EXPECT_EQ(json.at("b").at(1).get<double>(), INFINITY);
  EXPECT_EQ(json.at("b").at(2).at("c").get<double>(), -INFINITY);
  EXPECT_EQ(json.at("d"), -25);
  EXPECT_TRUE(std::isnan(parse_python_json("NaN", "x").get<double>()));
}

// A 0 stands for a word while the text is parsed: others must not become one.
TEST(PythonJson, OtherNumbersStayWhatTheyAre) {
  const Json json = parse_python_json("[0, NaN, 0, -0.0, 0e0, 1E+2, NaN, 12345678901, 0]", "x");

  for (const std::size_t i : {0, 2, 3, 4, 8}) EXPECT_EQ(json.at(i), 0) << i;
  for (const std::size_t i : {1, 6}) EXPECT_TRUE(std::isnan(json.at(i).get<double>())) << i;
  EXPECT_EQ(json.at(5), 100);
  EXPECT_EQ(json.at(7), 12345678901);
}

TEST(PythonJson, WordsInStringsAreText) {
  const std::string text = R"({"NaN": "NaN", "\"NaN": "\\", "-Infinity": ["a\\\"NaN", "9"], "n": NaN})";
  const Json json = parse_python_json(text, "x");

  EXPECT_EQ(json.at("NaN"), "NaN");
  EXPECT_EQ(json.at("\"NaN"), "\\");
  EXPECT_EQ(json.at("-Infinity").at(0), "a\\\"NaN");
  EXPECT_EQ(json.at("-Infinity").at(1), "9");
  EXPECT_TRUE(std::isnan(json.at("n").get<double>()));
}

TEST(PythonJson, WhatPythonRefusesIsRefused) {
  for (const char* text :
       {"nan",   "inf",     "+Infinity", "-NaN",        "--Infinity",  "- Infinity", "NaNNaN",
        "1NaN",  "NaN1",    "NaN.5",     "1e-Infinity", "InfinityNaN", "Infinityx",  "trueNaN",
        "Na",    "Infinit", "-",         "[NaN",        "[NaN NaN]",   "{NaN: 1}",   "[\"NaN]",
        "[\"\\", "\"",      "",          "'NaN'",       "/*NaN*/ 1"}) {
    EXPECT_THROW(parse_python_json(text, "x"), InputError) << text;
  }
}

TEST(PythonJson, ErrorsNameTheBytesOfTheFile) {
  EXPECT_THAT([] { parse_python_json("[NaN, -Infinity, ?]", "a.json"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("a.json"), HasSubstr("at byte 18"))));
}

// json.dumps("\ud83d"), and of a whole pair, an escaped backslash and words beside it.
TEST(PythonJson, HalfOfACharacterIsReadAsAReplacement) {
  const Json json = parse_python_json(
      R"(["\ud83d", "a\uDE00b", "\ud83d\ude00", "\\ud83d", "\ud83d\ud83d\ude00", "\u00e9", NaN])", "x");

  EXPECT_EQ(json.at(0), "\xef\xbf\xbd");
  EXPECT_EQ(json.at(1),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(json.at(2), "\xf0\x9f\x98\x80");
  EXPECT_EQ(json.at(3), "\\ud83d");
  EXPECT_EQ(json.at(4), "\xef\xbf\xbd\xf0\x9f\x98\x80");
  EXPECT_EQ(json.at(5), "\xc3\xa9");
  EXPECT_TRUE(std::isnan(json.at(6).get<double>()));
  for (const char* text : {R"(["\ud83"])", R"(["\ud8zz"])", R"("\)", R"("\u)", R"("\ud83d)"})
    EXPECT_THROW(parse_python_json(text, "x"), InputError) << text;
}

TEST(PythonJson, OtherFilesAreReadAsJsonAlone) {
  for (const char* text : {"NaN", "[Infinity]", "{\"a\": -Infinity}"})
    EXPECT_THROW(parse_json(text, "x"), InputError) << text;
}

TEST(PythonJson, AFileOfNothingButWordsIsReadInTime) {
  std::string text = "[NaN";
  for (int i = 0; i < 1'000'000; ++i) text += ",NaN";
  EXPECT_EQ(parse_python_json(text + "]", "x").size(), 1'000'001U);
  EXPECT_THROW(parse_python_json(std::string(1'000'000, '['), "x"), InputError);
}

}  // namespace
}  // namespace zoetrope::support
