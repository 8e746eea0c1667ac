// SPDX-License-Identifier: Apache-2.0
// What JSON from strangers may not do: exhaust the stack, be read two ways, hold numbers that do not fit.
#include <cmath>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/json.hpp"

#include "support/peak_memory.hpp"

namespace zoetrope::support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

std::string repeat(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

std::string nested(const std::string& open, const std::string& inside, const std::string& close, int depth) {
  return repeat(open, depth) + inside + repeat(close, depth);
}

auto refused(const std::string& why) {
  return ThrowsMessage<InputError>(AllOf(StartsWith("a.json: "), HasSubstr(why)));
}

TEST(Json, SixtyFourLevelsAreReadAndNoMore) {
  const std::string arrays = nested("[", "%", "]", 63), objects = nested("{\"a\":", "%", "}", 63),
                    both = nested("[{\"a\":", "[%]", "}]", 31);
  for (const std::string& around : {arrays, objects, both}) {
    const auto with = [&](const std::string& inside) {
      std::string text = around;
      return text.replace(text.find('%'), 1, inside);
    };
    for (const char* inside : {"[]", "{}", "[1]", "{\"a\":null}", "[\"text\", 2]"})
      EXPECT_NO_THROW(parse_json(with(inside), "a.json")) << around << inside;
    for (const char* inside : {"[[]]", "{\"a\":{}}", "[[1]]", "{\"a\":[null]}", "[0, {\"a\":1}]"}) {
      EXPECT_THAT([&] { parse_json(with(inside), "a.json"); }, refused("is nested deeper than 64"))
          << around << inside;
      EXPECT_THAT([&] { parse_python_json(with(inside), "a.json"); }, refused("is nested deeper than 64"));
    }
  }
}

TEST(Json, DepthWithoutEndIsRefusedBeforeTheStackIs) {
  for (const char* open : {"[", R"({"a":)", "[[],", "[{},"})
    EXPECT_THAT([&] { parse_json(repeat(open, 1'000'000), "a.json"); }, refused("is nested deeper than 64"))
        << open;
}

TEST(Json, WideIsNotDeep) {
  EXPECT_EQ(parse_json("[" + repeat("[[]],", 1000) + "0]", "x").size(), 1001U);
}

TEST(Json, AKeyTwiceInOneObjectIsRefused) {
  EXPECT_THAT([] { parse_json(R"({"size": 1, "size": 1})", "a.json"); },
              refused("the key \"size\" appears twice"));
  for (const char* text :
       {R"([0, {"a": {"size": 1, "b": [], "size": 2}}])", R"({"size": {"a": 1}, "b": {}, "size": 2})",
        R"({"si\u007ae": 1, "size": 2})", R"({"": 1, "": 2})"}) {
    EXPECT_THROW(parse_json(text, "x"), InputError) << text;
    EXPECT_THROW(parse_python_json(text, "x"), InputError) << text;
  }
}

TEST(Json, AKeyInSeveralObjectsIsRead) {
  const Json json = parse_json(R"({"a": {"a": 1, "b": {"a": 2}}, "b": [{"a": 3}, {"a": 4}], "A": 5})", "x");
  EXPECT_EQ(json.at("a").at("b").at("a"), 2);
  EXPECT_EQ(json.at("b").at(1).at("a"), 4);
}

TEST(Json, TheByteAtFaultIsNamed) {
  EXPECT_THAT([] { parse_json("{\"a\": 1,\n ?}", "a.json"); }, refused("is not valid JSON at byte 11"));
  EXPECT_THAT([] { parse_json("", "a.json"); }, refused("at byte 1"));
  for (const char* text :
       {"[1] 2", "\"\xff\"", "{'a': 1}", "[1,]", "// comment\n1", "\"\n\"", "01", "\xef\xbb\xbf["})
    EXPECT_THROW(parse_json(text, "x"), InputError) << text;
}

TEST(Json, NumbersLargerThanAnyDoubleAreRefused) {
  EXPECT_THAT([] { parse_json("[1, 1e999]", "a.json"); }, refused("a number that is too large"));
  EXPECT_THROW(parse_json("-1e999", "x"), InputError);
}

template <typename T>
T get(const std::string& number) {
  return json_get<T>(parse_json("{\"n\": " + number + "}", "a.json"), "n", "a.json");
}

TEST(JsonGet, IntegersAreReadUpToTheEndsOfTheirRange) {
  EXPECT_EQ(get<std::int8_t>("-128"), -128);
  EXPECT_EQ(get<int>("2147483647"), std::numeric_limits<int>::max());
  EXPECT_EQ(get<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(get<std::int64_t>("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(get<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(get<unsigned>("0"), 0U);
}

TEST(JsonGet, IntegersBeyondTheirRangeAreRefused) {
  EXPECT_THAT([] { get<int>("2147483648"); }, refused("\"n\" is 2147483648, which is not of the kind"));
  EXPECT_THROW(get<std::int8_t>("-129"), InputError);
  EXPECT_THROW(get<int>("-2147483649"), InputError);
  EXPECT_THROW(get<std::int64_t>("9223372036854775808"), InputError);
  EXPECT_THROW(get<std::int64_t>("18446744073709551615"), InputError);
  EXPECT_THROW(get<std::int64_t>("-9223372036854775809"), InputError);
  EXPECT_THROW(get<std::uint64_t>("18446744073709551616"), InputError);
  EXPECT_THROW(get<std::uint64_t>("-1"), InputError);
  EXPECT_THROW(get<std::size_t>("-0.0"), InputError);
}

TEST(JsonGet, WhatIsNoIntegerIsNotMadeOne) {
  for (const char* value : {"1.0", "1.5", "1e3", "true", "null", "\"1\"", "[1]", "{}"})
    EXPECT_THROW(get<int>(value), InputError) << value;
}

TEST(JsonGet, OtherKindsAreReadAsTheyAre) {
  EXPECT_EQ(get<double>("3"), 3.0);
  EXPECT_EQ(get<std::string>("\"gr\u00f6\u00dfe\""), "gr\u00f6\u00dfe");
  EXPECT_TRUE(get<bool>("true"));
  EXPECT_THROW(get<bool>("1"), InputError);
  EXPECT_THROW(get<std::string>("1"), InputError);
}

TEST(JsonGet, AMissingKeyIsNamed) {
  EXPECT_THAT([] { json_get<int>(Json::object(), "hidden_size", "a.json"); },
              refused("\"hidden_size\" is missing"));
  EXPECT_THAT([] { json_get<int>(Json::array({1}), "hidden_size", "a.json"); },
              refused("\"hidden_size\" is missing"));
}

TEST(JsonGetOr, TheDefaultStandsForWhatIsAbsentAndForNothingElse) {
  const Json json = parse_json(R"({"null": null, "text": "7", "number": 7, "large": 3000000000})", "a.json");
  EXPECT_EQ(json_get_or(json, "absent", 5, "a.json"), 5);
  EXPECT_EQ(json_get_or(json, "null", 5, "a.json"), 5);
  EXPECT_EQ(json_get_or(json, "number", 5, "a.json"), 7);
  EXPECT_EQ(json_get_or(Json(3), "number", 5, "a.json"), 5);
  EXPECT_THAT([&] { json_get_or(json, "text", 5, "a.json"); }, refused("\"text\" is \"7\""));
  EXPECT_THAT([&] { json_get_or(json, "large", 5, "a.json"); }, refused("\"large\" is 3000000000"));
}

TEST(ReadJson, NamesTheFile) {
  std::ofstream("a.json") << R"({"a": [1, 2]})";
  EXPECT_EQ(read_json("a.json").at("a").at(1), 2);
  EXPECT_EQ(read_json("a.json", 13).size(), 1U);
  EXPECT_THAT([] { read_json("a.json", 12); }, refused("is larger than the 12 bytes"));
  EXPECT_THAT([] { read_python_json("a.json", 12); }, refused("is larger than the 12 bytes"));
  std::ofstream("a.json") << R"({"a": [1, 2)";
  EXPECT_THAT([] { read_json("a.json"); }, refused("is not valid JSON at byte 12"));
}

// As long as a log may be.
TEST(PythonJson, IsNotCopiedWhereItIsJson) {
  const std::string text(std::size_t{64} << 20, '\0');
  const auto parse = [&] { parse_python_json(text, "a.json"); };
  EXPECT_THROW(parse(), InputError);
  EXPECT_LT(peak_kib_of(parse), 16 << 10);
}

}  // namespace
}  // namespace zoetrope::support
