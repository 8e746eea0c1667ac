// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/step_arrays.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <span>

#include <c10/util/Half.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/given_dataset.hpp"
#include "zoetrope/support/error.hpp"

#include "number_type.hpp"
#include "scratch.hpp"
#include "step_readers.hpp"
#include "support/peak_memory.hpp"

namespace zoetrope::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// An .npy file of version 1.0 with this header.
Bytes npy(const std::string& header, const Bytes& numbers) {
  const std::string start("\x93NUMPY\x01\x00", 8);
  Bytes bytes(start.begin(), start.end());
  bytes.push_back(static_cast<std::uint8_t>(header.size() & 255U));
  bytes.push_back(static_cast<std::uint8_t>(header.size() >> 8));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), numbers.begin(), numbers.end());
  return bytes;
}

Bytes floats(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

const std::string kTwoByThree = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
const Bytes kSixFloats = floats({1, 2, 3, 4, 5, 6});

class StepFolder : public ScratchTest {
 protected:
  std::vector<float> read(const std::string& header, const Bytes& numbers) const {
    write("step_7.npy", npy(header, numbers));
    return open_step_arrays(folder_, "embeddings")->read(7);
  }

  void expect_refused(const std::string& header, const Bytes& numbers, const std::string& what) const {
    EXPECT_THAT([&] { read(header, numbers); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("step_7.npy"), HasSubstr(what))))
        << header;
  }
};

TEST_F(StepFolder, ReadsRowsAndColumns) {
  EXPECT_THAT(read(kTwoByThree, kSixFloats), ElementsAre(1, 2, 3, 4, 5, 6));
  const std::string by_columns = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }";
  EXPECT_THAT(read(by_columns, kSixFloats), ElementsAre(1, 3, 5, 2, 4, 6));
  const std::string big_endian = "{'shape':(1,2L),\"fortran_order\":False,\"descr\":\">f2\"}   \n";
  EXPECT_THAT(read(big_endian, {0x3c, 0x00, 0xc0, 0x00}), ElementsAre(1, -2));
}

TEST_F(StepFolder, RefusesWhatIsNoArrayOfNumbers) {
  const auto with = [](const std::string& descr, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + "}";
  };
  const std::map<std::string, std::string> headers = {
      {with("'|O'", "(2, 3)"), "pickle"},
      {with("[('a', '<f4')]", "(2, 3)"), "structured"},
      {with("'<c8'", "(2, 3)"), "dtype '<c8'"},
      {with("'<f16'", "(2, 3)"), "dtype '<f16'"},
      {with("'<f4'", "(2, 4)"), "takes 32 bytes, and there are 24"},
      {with("'<f4'", "(4294967296, 4294967296)"), "more than 2^64"},
      {with("'<f4'", "(-1, 3)"), "tuple"},
      {with("'<f4'", "(2, 3.0)"), "tuple"},
      {with("'<f4'", "[2, 3]"), "'(' is missing"},
      {with("'<f4'", "(6,)"), "has 1 dimension"},
      {with("'<i4'", "(2, 3)"), "holds int32"},
      {with("'<f4", "(2, 3)"), "dtype '<f4, '"},
      {with("eval('1')", "(2, 3)"), "as numpy writes it"},
      {"{'descr': '<f4', 'shape': (2, 3)}", "is missing"},
      {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", "there twice"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}", "'more'"},
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}", "neither True nor False"},
      {kTwoByThree + "x", "follows its last brace"},
      {"", "'{' is missing"},
  };
  for (const auto& [header, what] : headers) expect_refused(header, kSixFloats, what);
}

TEST_F(StepFolder, TakesNoMemoryOnAHeadersWord) {
  const std::string huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000)}";
  expect_refused(huge, kSixFloats, "cut or damaged");
  EXPECT_LT(support::peak_kib_of([&] { read(huge, kSixFloats); }), 64 << 10);
}

TEST_F(StepFolder, NamesTheRowOfWhatIsNotFinite) {
  expect_refused(kTwoByThree, floats({1, 2, 3, 4, NAN, 6}), "row 1, column 1: is nan");
  expect_refused(kTwoByThree, floats({1, 2, -INFINITY, 4, 5, 6}), "row 0, column 2: is -inf");
}

TEST_F(StepFolder, NamesTwoArraysOfAStep) {
  write("step_7.npy", npy(kTwoByThree, kSixFloats));
  write("checkpoint-007.npy", npy(kTwoByThree, kSixFloats));
  EXPECT_THAT([&] { open_step_arrays(folder_, "embeddings"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("step_7.npy"), HasSubstr("checkpoint-007.npy"))));
}

TEST(StepNames, AreNumbersBehindAKnownWord) {
  const std::map<std::string, std::optional<std::int64_t>> names = {
      {"0", 0},
      {"20", 20},
      {"step_20", 20},
      {"step-0020", 20},
      {"checkpoint-5", 5},
      {"logits_5", 5},
      {"embedding_5", {}},
      {"step", {}},
      {"step_", {}},
      {"step_-5", {}},
      {"step_5a", {}},
      {"steps_5", {}},
      {"step_checkpoint-5", {}},
      {"", {}},
      {"1e3", {}},
      {"999999999999999", 999999999999999},
      {"1000000000000000", {}},
  };
  for (const auto& [name, step] : names) EXPECT_EQ(step_in_name(name, "logits"), step) << name;
  EXPECT_EQ(step_in_name("embedding_5", "embeddings"), 5);
}

// Against libtorch's conversion, all of them.
TEST(NumberTypes, HalvesAreThoseOfOthers) {
  for (const bool is_big_endian : {false, true})
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
      const float expected = c10::Half(static_cast<std::uint16_t>(bits), c10::Half::from_bits());
      if (!std::isfinite(expected)) continue;
      std::uint16_t stored = static_cast<std::uint16_t>(bits);
      if (is_big_endian) stored = static_cast<std::uint16_t>(stored << 8 | stored >> 8);
      const ArrayInfo array{"a", "float16", 1, 1};
      FloatRows rows(array, {'f', 2, is_big_endian}, false);
      rows.add(std::as_bytes(std::span(&stored, 1)));
      ASSERT_EQ(std::bit_cast<std::uint32_t>(rows.take().at(0)), std::bit_cast<std::uint32_t>(expected))
          << bits;
    }
}

// Of a forged header the claim is more than there is memory.
TEST(FloatRowsOfAClaim, TakeMemoryAsNumbersCome) {
  constexpr std::int64_t kMany = std::int64_t{1} << 20;
  const ArrayInfo claimed{"a", "float32", kMany, kMany};
  for (const bool is_by_columns : {false, true}) {
    FloatRows rows(claimed, {'f', 4, false}, is_by_columns, 16);
    rows.add(std::as_bytes(std::span(kSixFloats)));
  }
  const ArrayInfo whole{"a", "float32", 2, 3};
  FloatRows by_rows(whole, {'f', 4, false}, false, 16), by_columns(whole, {'f', 4, false}, true, 16);
  for (FloatRows* rows : {&by_rows, &by_columns}) rows->add(std::as_bytes(std::span(kSixFloats)));
  EXPECT_THAT(by_rows.take(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(by_columns.take(), ElementsAre(1, 3, 5, 2, 4, 6));
}

class GivenLabelFiles : public ScratchTest {
 protected:
  std::unique_ptr<Dataset> open(const std::string& name, std::int64_t count,
                                std::int64_t num_classes = 0) const {
    return open_given_dataset({count, num_classes, folder_ / name, "", nullptr});
  }
};

TEST_F(GivenLabelFiles, AreWordsOrNumbers) {
  write_text("words.txt", "dog\ncat\r\n dog \nant");
  const auto words = open("words.txt", 4);
  EXPECT_THAT(words->class_names(), ElementsAre("ant", "cat", "dog"));
  EXPECT_EQ(words->label(2), 2);
  EXPECT_FALSE(words->has_images());
  write_text("numbers.csv", "class\n10\n9\n\"10\"\n");
  EXPECT_THAT(open("numbers.csv", 3)->class_names(), ElementsAre("9", "10"));
  EXPECT_THAT(open("numbers.csv", 3, 11)->class_names().size(), 11);
  write_text("class_names.txt", "a\nb\n");
  EXPECT_THAT([&] { open("numbers.csv", 3); }, ThrowsMessage<InputError>(HasSubstr("row 0: label 10")));
}

TEST_F(GivenLabelFiles, TakeNoClassNamesBeyondUtf8) {
  write("labels.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", {0, 1, 0}));
  write_text("class_names.txt", "th\xc3\xa9\ncaf\xe9\n");
  EXPECT_THAT(
      [&] { open("labels.npy", 3); },
      ThrowsMessage<InputError>(HasSubstr("class_names.txt: line 2: the class name \"caf\xe9\" is not")));
  write_text("class_names.txt", "th\xc3\xa9\ncaf\xc3\xa9\n");
  EXPECT_THAT(open("labels.npy", 3)->class_names(), ElementsAre("th\xc3\xa9", "caf\xc3\xa9"));
}

TEST_F(GivenLabelFiles, MakeTheDigest) {
  write_text("a.txt", "x\ny\n");
  write_text("b.txt", "y\nx\n");
  const auto digest = open("a.txt", 2)->digest();
  EXPECT_EQ(open("a.txt", 2)->digest(), digest);
  EXPECT_NE(open("b.txt", 2)->digest(), digest);
  EXPECT_NE(open_given_dataset({2, 0, {}, "", nullptr})->digest(), digest);
}

}  // namespace
}  // namespace zoetrope::data
