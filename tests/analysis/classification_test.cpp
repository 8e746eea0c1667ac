// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/classification.hpp"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

TEST(Classify, EqualsLibtorchsSoftmaxAndCrossEntropy) {
  const at::Tensor logits = 9 * random_rows(60, 5);
  const at::Tensor labels = at::arange(60).remainder(5);
  const auto said =
      classify({logits.const_data_ptr<float>(), 300}, 5, {labels.const_data_ptr<std::int64_t>(), 60});
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

TEST(Classify, HasALossWhereTheLabelsProbabilityIsNone) {
  const std::vector<float> logits = {2000, 0};  // exp(-2000) is 0
  const std::vector<std::int64_t> labels = {1};
  const auto said = classify(logits, 2, labels);

  EXPECT_EQ(said.self_confidence.front(), 0);
  EXPECT_DOUBLE_EQ(said.loss, 2000);
}

TEST(Classify, LeavesLabelsThatAreNoClassOutOfTheLoss) {
  const std::vector<float> logits = {0, 0, 5, 1};
  const std::vector<std::int64_t> labels = {1, 2}, none = {-1, 2};

  EXPECT_DOUBLE_EQ(classify(logits, 2, labels).loss, std::log(2.0));
  EXPECT_EQ(classify(logits, 2, labels).self_confidence[1], 0);
  EXPECT_TRUE(std::isnan(classify(logits, 2, none).loss));
}

}  // namespace
}  // namespace zoetrope::analysis
