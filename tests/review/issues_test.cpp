// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/review/issues.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::review {
namespace {

class IssuesTest : public testing::Test {
 protected:
  // Five images and two checkpoints; image 4 is the outlier.
  IssuesTest() {
    store::Analysis& a = review_.analysis;
    a.step = {0, 20};
    a.label = {0, 1, 0, 1, 0};
    a.class_names = {"cat", "dog, \"small\""};
    a.ood_score = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 0.5, 0.5, 0.25};
    a.outlier = {0, 4};
    a.mean_distance = {1, 1, 1, 1, 1, 0.5F, 0.25F, 0.5F, 0.5F, 2};
  }

  std::string written() {
    write_issues("issues.csv", review_);
    return support::read_file("issues.csv");
  }

  Review review_;
};

TEST_F(IssuesTest, AreImagesThatDeserveALookWorstFirst) {
  store::Analysis& a = review_.analysis;
  a.prediction = {0, 1, 1, 0, 1, 0, 0, 1, 1, 0};  // image 1 is forgotten, image 2 never learnt
  a.confidence = {0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75, 0.75};
  a.self_confidence = {0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 0.25, 0.125, 0.75, 0.75};
  a.normalized_margin = {0, 0, 0, 0, 0, 0.75, 0.25, 0.125, 0.75, 0.5};
  a.confidence_weighted_entropy = {0, 0, 0, 0, 0, 0.75, 0.5, 0.25, 0.75, 0.625};
  a.hardness = {0, 0, 0, 0, 0, 1, 1.5, 0.5, 1, 2};
  a.mistakenness = {0, 0, 0, 0, 0, 0.125, 0.875, 0.75, 0.125, 0.25};
  a.label_issue = {0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
  a.duplicate_set = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  review_.image_names = {"a.png", "b\n.png", "c.png", "d.png", "e.png"};

  EXPECT_EQ(written(),
            "index,name,label,prediction,confidence,self_confidence,self_confidence_gain,normalized_margin,"
            "confidence_weighted_entropy,mistakenness,hardness,label_issue,first_learnt_step,forgotten,"
            "outlier_score,outlier_rank,mean_distance,duplicate_set\n"
            "2,c.png,cat,\"dog, \"\"small\"\"\",0.75,0.125,-0.375,0.125,0.25,0.75,0.5,0,,,0.5,3,0.5,\n"
            "1,\"b\n.png\",\"dog, \"\"small\"\"\",cat,0.75,0.25,-0.25,0.25,0.5,0.875,1.5,1,0,1,0.75,5,0.25,"
            "\n"
            "4,e.png,cat,cat,0.75,0.75,0.25,0.5,0.625,0.25,2,0,20,0,0.25,1,2,\n");
}

TEST_F(IssuesTest, AreOutliersAndDuplicatesWithoutAClassifier) {
  review_.analysis.duplicate_set = {-1, -1, -1, -1, -1, -1, 1, -1, 1, -1};

  EXPECT_EQ(written(),
            "index,name,label,outlier_score,outlier_rank,mean_distance,duplicate_set\n"
            "4,,cat,0.25,1,2,\n"
            "3,,\"dog, \"\"small\"\"\",0.5,4,0.5,1\n"
            "1,,\"dog, \"\"small\"\"\",0.75,5,0.25,1\n");
}

// A table program would compute such a name.
TEST_F(IssuesTest, NamesAreNoFormulas) {
  review_.analysis.class_names = {"=1+1", "-5"};
  review_.image_names = {"a.png", "@b.png", "'=c.png", "'d.png", "+\"e\".png"};
  review_.analysis.duplicate_set = {-1, -1, -1, -1, -1, -1, 1, 1, 1, -1};

  EXPECT_EQ(written(),
            "index,name,label,outlier_score,outlier_rank,mean_distance,duplicate_set\n"
            "4,\"'+\"\"e\"\".png\",'=1+1,0.25,1,2,\n"
            "2,''=c.png,'=1+1,0.5,3,0.5,1\n"
            "3,'d.png,'-5,0.5,4,0.5,1\n"
            "1,'@b.png,'-5,0.75,5,0.25,1\n");
}

TEST_F(IssuesTest, RefuseNamesOfOtherImages) {
  review_.image_names = {"a.png"};
  EXPECT_THROW(written(), UsageError);
}

}  // namespace
}  // namespace zoetrope::review
