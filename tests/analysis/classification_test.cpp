// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../src/analysis/classify.hpp"
#include "analysis/golden.hpp"
#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Pointwise;

Classification classify(const std::vector<float>& logits, std::size_t num_classes,
                        const std::vector<std::int64_t>& labels) {
  return analysis::classify(Softmax(logits, num_classes), labels);
}

Classification classify(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor values = logits.contiguous(), whole = labels.contiguous();
  return classify(
      {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()},
      static_cast<std::size_t>(values.size(1)),
      {whole.const_data_ptr<std::int64_t>(), whole.const_data_ptr<std::int64_t>() + whole.numel()});
}

// By name, all that is said of each image and its label.
std::vector<std::pair<std::string, std::vector<double>>> scores_of(const Classification& said) {
  return {{"self_confidence", said.self_confidence},
          {"normalized_margin", said.normalized_margin},
          {"confidence_weighted_entropy", said.confidence_weighted_entropy},
          {"hardness", said.hardness},
          {"mistakenness", said.mistakenness}};
}

TEST(Classify, EqualsLibtorchsSoftmaxAndCrossEntropy) {
  const at::Tensor logits = 9 * random_rows(60, 5);
  const at::Tensor labels = at::arange(60).remainder(5);
  const auto said = classify(logits, labels);
  const at::Tensor wide = logits.to(at::kDouble), chances = at::softmax(wide, 1);

  EXPECT_NEAR(said.loss, at::cross_entropy_loss(wide, labels).item<double>(), 1e-12);
  EXPECT_DOUBLE_EQ(said.accuracy, wide.argmax(1).eq(labels).to(at::kDouble).mean().item<double>());
  for (std::int64_t i = 0; i < 60; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(said.prediction[at], wide[i].argmax().item<std::int64_t>());
    EXPECT_NEAR(said.confidence[at], chances[i].max().item<double>(), 1e-12);
    EXPECT_NEAR(said.self_confidence[at], chances[i][i % 5].item<double>(), 1e-12);
  }
}

TEST(Classify, ScoresLabelsAsCleanlabAndImagesAsFiftyOne) {
  const Golden golden;
  for (const auto& item : golden.at("label_quality")) {
    const at::Tensor logits = golden.rows(item.at("logits"));
    const auto labels = golden.array<std::int64_t>(item.at("labels"));
    const auto said = classify(logits, at::tensor(labels, at::kLong));
    for (const auto& [name, scores] : scores_of(said)) {
      SCOPED_TRACE(item.at("name").get<std::string>() + ", " + name);
      // Where the model is certain, the rounding of 1 + w is divided by a w of 1e-6.
      const double tolerance = name == "confidence_weighted_entropy" ? 1e-9 : 1e-12;
      EXPECT_THAT(scores, Pointwise(DoubleNear(tolerance), golden.array<double>(item.at(name))));
    }
  }
}

TEST(Classify, FollowsTheOrderOfImagesAndOfClasses) {
  const at::Tensor logits = 4 * random_rows(40, 7);
  const at::Tensor labels = at::arange(40).remainder(7);
  const at::Tensor images = at::arange(39, -1, -1), classes = at::tensor({3, 0, 6, 1, 5, 2, 4}, at::kLong);
  const auto said = scores_of(classify(logits, labels));
  const auto turned = scores_of(classify(logits.index_select(0, images), labels.index_select(0, images)));
  const auto renamed =
      scores_of(classify(logits.index_select(1, classes), classes.argsort().index_select(0, labels)));

  for (std::size_t n = 0; n < said.size(); ++n) {
    const auto& [name, scores] = said[n];
    EXPECT_EQ(std::vector<double>(scores.rbegin(), scores.rend()), turned[n].second) << name;
    EXPECT_THAT(renamed[n].second, Pointwise(DoubleNear(1e-12), scores)) << name;
  }
}

TEST(Classify, IsOfDifferencesOfLogits) {
  const at::Tensor logits = at::round(8 * random_rows(40, 7)), labels = at::arange(40).remainder(7);
  const auto said = scores_of(classify(logits, labels)), raised = scores_of(classify(logits + 1024, labels));
  EXPECT_EQ(said, raised);
}

TEST(Classify, HasALossWhereTheLabelsProbabilityIsNone) {
  const auto said = classify({2000, 0}, 2, {1});  // exp(-2000) is 0

  EXPECT_EQ(said.self_confidence.front(), 0);
  EXPECT_EQ(said.normalized_margin.front(), 0);
  EXPECT_EQ(said.hardness.front(), 0);
  EXPECT_EQ(said.mistakenness.front(), 1);
  EXPECT_DOUBLE_EQ(said.loss, 2000);
}

TEST(Classify, LeavesLabelsThatAreNoClassOutOfTheLoss) {
  const std::vector<float> logits = {0, 0, 5, 1};
  const auto said = classify(logits, 2, {1, 2});

  EXPECT_DOUBLE_EQ(said.loss, std::log(2.0));
  EXPECT_EQ(said.self_confidence[1], 0);
  EXPECT_DOUBLE_EQ(said.normalized_margin[1], (1 - said.confidence[1]) / 2);
  EXPECT_DOUBLE_EQ(said.mistakenness[1], (1 + said.confidence[1]) / 2);
  EXPECT_TRUE(std::isnan(classify(logits, 2, {-1, 2}).loss));
}

TEST(Classify, OfOneClassIsCertain) {
  const auto said = classify({3, -7}, 1, {0, 0});

  EXPECT_THAT(said.confidence, Each(1));
  EXPECT_THAT(said.normalized_margin, Each(1));
  EXPECT_THAT(said.hardness, Each(0));
  EXPECT_THAT(said.mistakenness, Each(0));
  EXPECT_THAT(said.confidence_weighted_entropy, Each(0));  // as of all images without entropy
}

TEST(Classify, OfNoImagesIsNothing) {
  const auto said = classify(std::vector<float>{}, 3, {});
  EXPECT_EQ(said.accuracy, 0);
  EXPECT_TRUE(std::isnan(said.loss));
  EXPECT_TRUE(said.hardness.empty());
}

}  // namespace
}  // namespace zoetrope::analysis
