// SPDX-License-Identifier: Apache-2.0
#include "../../src/analysis/issues.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zoetrope::analysis {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Of two classes, in which the model believes the label by so much in logits.
std::vector<std::int64_t> issues_of(const std::vector<float>& belief,
                                    const std::vector<std::int64_t>& labels) {
  std::vector<float> logits;
  for (std::size_t i = 0; i < belief.size(); ++i) {
    const bool is_second = labels[i] == 1;
    logits.insert(logits.end(), {is_second ? 0 : belief[i], is_second ? belief[i] : 0});
  }
  return label_issues(Softmax(logits, 2), labels);
}

TEST(LabelIssues, AreLabelsThatTheModelContradicts) {
  EXPECT_THAT(issues_of({4, 4, 4, -5, 4, 4, 4, 4}, {0, 0, 0, 0, 1, 1, 1, 1}),
              ElementsAre(0, 0, 0, 1, 0, 0, 0, 0));
}

TEST(LabelIssues, AreNoneWhereTheModelAgreesOrAllButDoes) {
  EXPECT_THAT(issues_of({4, 3, 2, 1, 4, 3, 2, 1}, {0, 0, 0, 0, 1, 1, 1, 1}), Each(0));
  EXPECT_THAT(issues_of({9, 9, -1e-7F, 9, 9}, {0, 0, 0, 1, 1}), Each(0));
}

TEST(LabelIssues, AreNoneOfAClassOfOneImageOrOfNoClass) {
  EXPECT_THAT(issues_of({4, 4, 4, -9}, {0, 0, 0, 1}), Each(0));
  const std::vector<float> logits = {5, 0, 5, 0, 5, 0, 0, 5};
  EXPECT_THAT(label_issues(Softmax(logits, 2), std::vector<std::int64_t>{0, 0, 2, -1}), Each(0));
  EXPECT_THAT(label_issues(Softmax({}, 2), {}), IsEmpty());
}

// On a line, two neighbours each.
Neighbours two_neighbours(const std::vector<std::int64_t>& index, const std::vector<double>& distance) {
  return {2, index, distance};
}

TEST(DuplicateSets, HangTogetherByNearNeighbours) {
  // 0, 3 and 4 in a chain; 1 and 2 by themselves. The median distance to the nearest is 0.05.
  const auto sets = duplicate_sets(two_neighbours({3, 1, 2, 0, 1, 0, 0, 4, 3, 0},  //
                                                  {0.001, 1, 1, 2, 1, 2, 0.001, 0.002, 0.002, 0.9}));
  EXPECT_THAT(sets, ElementsAre(-1, -1, -1, -1, -1));                                // 0.13 of 0.002
  const auto joined = duplicate_sets(two_neighbours({3, 1, 2, 0, 1, 0, 0, 4, 3, 0},  //
                                                    {0.001, 1, 0.05, 2, 0.05, 2, 0.001, 0.002, 0.06, 0.9}));
  EXPECT_THAT(joined, ElementsAre(0, -1, -1, 0, 0));  // 0.13 of 0.05
}

TEST(DuplicateSets, OfEqualRowsAreAllOfThem) {
  EXPECT_THAT(duplicate_sets(two_neighbours({1, 2, 0, 2, 0, 1}, {0, 0, 0, 0, 0, 0})), ElementsAre(0, 0, 0));
  EXPECT_THAT(duplicate_sets({}), IsEmpty());
}

}  // namespace
}  // namespace zoetrope::analysis
