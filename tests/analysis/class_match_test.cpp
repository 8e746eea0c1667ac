// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/class_match.hpp"

#include <gmock/gmock.h>

namespace zoetrope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(MatchClasses, ByNameInAnyOrderAndAmongOthers) {
  EXPECT_THAT(match_classes({"cat", "dog"}, {"cat", "dog"}), Optional(ElementsAre(0, 1)));
  EXPECT_THAT(match_classes({"dog", "cat"}, {"cat", "dog"}), Optional(ElementsAre(1, 0)));
  EXPECT_THAT(match_classes({"dog", "eel", "cat"}, {"cat", "dog"}), Optional(ElementsAre(2, 0)));
  EXPECT_THAT(match_classes({"1", "0"}, {"0", "1"}), Optional(ElementsAre(1, 0)));
}

TEST(MatchClasses, ByLettersAndDigitsWhereNamesAreSpeltInAnotherWay) {
  EXPECT_THAT(match_classes({"Bag", "T - shirt / top"}, {"T-shirt/top", "bag"}), Optional(ElementsAre(1, 0)));
  EXPECT_THAT(match_classes({"C#", "C"}, {"C", "C#"}), Optional(ElementsAre(1, 0)));
}

TEST(MatchClasses, ByPlaceWhereNamesAreNumbers) {
  EXPECT_THAT(match_classes({"LABEL_0", "LABEL_1"}, {"cat", "dog"}), Optional(ElementsAre(0, 1)));
  EXPECT_THAT(match_classes({"tench", "goldfish"}, {"n01440764", "n01443537"}), Optional(ElementsAre(0, 1)));
}

TEST(MatchClasses, NotWhereAClassIsMissingOrThereTwice) {
  EXPECT_THAT(match_classes({"LABEL_0", "LABEL_1", "LABEL_2"}, {"cat", "dog"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({"cat", "eel"}, {"cat", "dog"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({"crane", "eel", "crane"}, {"crane", "eel"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({}, {"cat"}), Eq(std::nullopt));
  EXPECT_THAT(match_classes({"crane", "crane"}, {"crane", "crane"}), Optional(ElementsAre(0, 1)));
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
