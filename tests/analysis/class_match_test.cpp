// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/class_match.hpp"

#include <gmock/gmock.h>

namespace zoetrope::analysis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Optional;

template <typename... Columns>
auto matched_by_name(Columns... columns) {
  return Optional(
      AllOf(Field(&ClassMatch::columns, ElementsAre(columns...)), Field(&ClassMatch::by_name, true)));
}

template <typename... Columns>
auto placed(Columns... columns) {
  return Optional(
      AllOf(Field(&ClassMatch::columns, ElementsAre(columns...)), Field(&ClassMatch::by_name, false)));
}

TEST(MatchClasses, ByNameInAnyOrderAndAmongOthers) {
  EXPECT_THAT(match_classes({"cat", "dog"}, {"cat", "dog"}), matched_by_name(0, 1));
  EXPECT_THAT(match_classes({"dog", "cat"}, {"cat", "dog"}), matched_by_name(1, 0));
  EXPECT_THAT(match_classes({"dog", "eel", "cat"}, {"cat", "dog"}), matched_by_name(2, 0));
  EXPECT_THAT(match_classes({"1", "0"}, {"0", "1"}), matched_by_name(1, 0));
}

TEST(MatchClasses, ByLettersAndDigitsWhereNamesAreSpeltInAnotherWay) {
  EXPECT_THAT(match_classes({"Bag", "T - shirt / top"}, {"T-shirt/top", "bag"}), matched_by_name(1, 0));
  EXPECT_THAT(match_classes({"C#", "C"}, {"C", "C#"}), matched_by_name(1, 0));
}

TEST(MatchClasses, ByPlaceWhereNamesAreNumbers) {
  EXPECT_THAT(match_classes({"LABEL_0", "LABEL_1"}, {"cat", "dog"}), placed(0, 1));
  EXPECT_THAT(match_classes({"tench", "goldfish"}, {"n01440764", "n01443537"}), placed(0, 1));
}

TEST(MatchClasses, CountsByTheSizeOfNumbersNotByTheirFirstDigits) {
  const std::vector<std::string> folders = {"0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"};
  const std::vector<std::string> animals = {"ant", "bee", "cow",  "dog", "elk", "fox",
                                            "gnu", "hen", "ibex", "jay", "koi", "lion"};
  EXPECT_THAT(match_classes(animals, folders), placed(0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(match_classes(folders, animals), placed(0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 2, 3));
  EXPECT_THAT(match_classes({"LABEL_0", "LABEL_1", "LABEL_2"}, {"class-10", "class-8", "class-9"}),
              placed(2, 0, 1));
  EXPECT_THAT(match_classes({"a", "b", "c"}, {"007", "10", "9"}), placed(0, 2, 1));
  EXPECT_THAT(match_classes({"a", "b"}, {"100000000000000000000000000", "99999999999999999999999999"}),
              placed(1, 0));
}

TEST(MatchClasses, NotWhereAClassIsMissingOrThereTwice) {
  EXPECT_THAT(match_classes({"LABEL_0", "LABEL_1", "LABEL_2"}, {"cat", "dog"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({"cat", "eel"}, {"cat", "dog"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({"crane", "eel", "crane"}, {"crane", "eel"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({"1", "2"}, {"0", "1"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({}, {"cat"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({"crane", "crane"}, {"crane", "crane"}), matched_by_name(0, 1));
}

TEST(DescribePairs, ShowsTheFirst) {
  EXPECT_EQ(describe_pairs({"ant", "bee"}, {"0", "1"}, {0, 1}), "\"0\" with \"ant\", \"1\" with \"bee\"");
  EXPECT_EQ(describe_pairs({"a", "b", "c", "d"}, {"3", "2", "1", "0"}, {3, 2, 1, 0}),
            "\"3\" with \"d\", \"2\" with \"c\", \"1\" with \"b\" and 1 more");
}

TEST(KeepColumns, TakesThemFromEveryRow) {
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  keep_columns(values, 3, {0, 1, 2});
  EXPECT_THAT(values, ElementsAre(1, 2, 3, 4, 5, 6));
  keep_columns(values, 3, {2, 0});
  EXPECT_THAT(values, ElementsAre(3, 1, 6, 4));
  keep_columns(values, 2, {});
  EXPECT_THAT(values, IsEmpty());
}

}  // namespace
}  // namespace zoetrope::analysis
