// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/review/columns.hpp"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "csv.hpp"

namespace zoetrope::review {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::NanSensitiveDoubleEq;
using ::testing::ThrowsMessage;

const double kNothing = std::nan("");
const std::vector<std::string> kNames = {"a/1.png", "a/2.png", "b,1.png", "b/\"2\".png"};

std::vector<OwnColumn> columns_of(const std::string& text, const std::vector<std::string>& names = {}) {
  const std::string path =
      std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + ".csv";
  support::write_file(path, text);
  return read_columns(path, 4, names);
}

void expect_values(const OwnColumn& column, const std::vector<double>& values) {
  std::vector<::testing::Matcher<double>> all;
  for (const double value : values) all.emplace_back(NanSensitiveDoubleEq(value));
  EXPECT_THAT(column.values, ::testing::ElementsAreArray(all)) << column.name;
}

TEST(Columns, NumbersAndWordsByIndex) {
  const auto columns = columns_of("index,score,who\n2,0.5,ann\n0,-1e3,bob\n1,,ann\n");

  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[0].name, "score");
  EXPECT_THAT(columns[0].categories, IsEmpty());
  expect_values(columns[0], {-1000, kNothing, 0.5, kNothing});
  EXPECT_THAT(columns[1].categories, ElementsAre("bob", "ann"));
  expect_values(columns[1], {0, 1, 1, kNothing});
}

TEST(Columns, ByNameInQuotes) {
  const auto columns = columns_of(
      "\xEF\xBB\xBFname,n\r\n\"b,1.png\",3\r\n\r\n\"b/\"\"2\"\".png\",4\r\na/1.png, 1 \r\n", kNames);

  ASSERT_EQ(columns.size(), 1U);
  expect_values(columns[0], {1, kNothing, 3, 4});
}

// An index decides where there are both; the names are those of the images anyway.
TEST(Columns, TakesWhatThePageSaves) {
  const auto columns = columns_of("index,name,label\n3,other,x\n", kNames);

  ASSERT_EQ(columns.size(), 1U);
  EXPECT_EQ(columns[0].name, "label");
  expect_values(columns[0], {kNothing, kNothing, kNothing, 0});
}

TEST(Columns, ANumberTooSmallForADoubleIsNothing) {
  const auto columns = columns_of("index,p\n0,1e-400\n1,-1e-400\n2,0.5\n");

  ASSERT_EQ(columns.size(), 1U);
  expect_values(columns[0], {0, 0, 0.5, kNothing});
}

TEST(Columns, AFieldKeepsLinesAndMarkupAsTheyAre) {
  const auto columns = columns_of("index,note\n0,\"two\nlines\"\n1,</script><b>\n");

  EXPECT_THAT(columns[0].categories, ElementsAre("two\nlines", "</script><b>"));
}

// As csv_field() and the page write texts that a table program would compute.
TEST(Columns, TakesTheApostropheOffThatKeepsATextFromBeingAFormula) {
  const std::vector<std::string> names = {"=a", "'=b", "-c", "'d"};
  const std::string header = "name," + csv_field("=note,1") + ",n\n";
  std::string lines;
  for (const std::string& name : names) lines += csv_field(name) + "," + csv_field(name + "\"") + ",-1\n";

  const auto columns = columns_of(header + lines, names);

  EXPECT_EQ(columns[0].name, "=note,1");
  EXPECT_THAT(columns[0].categories, ElementsAre("=a\"", "'=b\"", "-c\"", "'d\""));
  expect_values(columns[1], {-1, -1, -1, -1});
  // A name that somebody else wrote.
  expect_values(columns_of("name,n\n'=b,7\n'=a,8\n", {"'=b", "=a", "", "x"})[0], {7, 8, kNothing, kNothing});
}

struct BadFile {
  const char* text;
  const char* line;
  const char* what;
};

class BadColumns : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadColumns, AreRefusedWithTheirLine) {
  std::string path = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ranges::replace(path, '/', '_');
  path += "_bad_columns.csv";
  support::write_file(path, GetParam().text);
  EXPECT_THAT([&] { read_columns(path, 4, kNames); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("bad_columns.csv: "), HasSubstr(GetParam().line),
                                              HasSubstr(GetParam().what))));
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadColumns,
    ::testing::Values(BadFile{"", "is empty", ""}, BadFile{"\n\n", "is empty", ""},
                      BadFile{"score\n1\n", "line 1", "index or name"},
                      BadFile{"index,\n", "line 1", "no name"},
                      BadFile{"index,a,a\n", "line 1", "two columns"},
                      BadFile{"index,a\n0\n", "line 2", "has 1 fields, the header 2"},
                      BadFile{"index,a\n0,1,2\n", "line 2", "has 3 fields"},
                      BadFile{"index,a\n0,1\n4,1\n", "line 3", "index 4 is not one of 0 to 3"},
                      BadFile{"index,a\n-1,1\n", "line 2", "index -1"},
                      BadFile{"index,a\n1.0,1\n", "line 2", "index 1.0"},
                      BadFile{"index,a\n99999999999999999999,1\n", "line 2", "index 999"},
                      BadFile{"index,a\n0,1\n0,2\n", "line 3", "same image as line 2"},
                      BadFile{"name,a\nnobody,1\n", "line 2", "no image is named nobody"},
                      BadFile{"index,a\n0,\"1\n", "line 2", "quote that does not end"},
                      BadFile{"index,a\n0,\"1\"2\n", "line 2", "closing quote"},
                      BadFile{"index,a\n0,\"x\ny\"\n1,\"z\"z\n", "line 4", "closing quote"},
                      BadFile{"index,caf\xe9\n0,1\n", "line 1", "\"caf\xe9\" is not UTF-8"},
                      BadFile{"index,a\n0,x\n1,caf\xe9\n", "line 3", "is not UTF-8"},
                      BadFile{"index,a\n0,1\n1,inf\n", "line 3", "column a: inf is no finite number"},
                      BadFile{"index,a\n0,1e999\n", "line 2", "no finite number"}));

TEST(Columns, NamesThatSeveralImagesHaveAreNoKey) {
  EXPECT_THAT(
      [] {
        columns_of("name,a\nsame,1\n", {"same", "other", "same", "x"});
      },
      ThrowsMessage<InputError>(AllOf(HasSubstr("line 2"), HasSubstr("several images are named same"))));
  EXPECT_THAT([] { columns_of("name,a\nsame,1\n"); }, ThrowsMessage<InputError>(HasSubstr("column index")));
}

TEST(Columns, RefusesMoreColumnsThanAPageCanShow) {
  std::string header = "index";
  for (int k = 0; k < 100; ++k) header += ",c" + std::to_string(k);
  EXPECT_THAT([&] { columns_of(header + "\n"); }, ThrowsMessage<InputError>(HasSubstr("more than 100")));
}

}  // namespace
}  // namespace zoetrope::review
