// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace zoetrope::pipeline {
namespace {

// Two checkpoints of embeddings of two classes, without a model.
store::Analysis given_analysis() {
  store::Analysis analysis;
  analysis.step = {0, 10};
  analysis.epoch = {0, 0};
  analysis.label = {0, 1};
  analysis.class_names = {"cat", "dog"};
  analysis.curves["knn_accuracy"] = {0.5, 0.75};
  analysis.curves["neighbour_preservation"] = {0.25, 0.5};
  return analysis;
}

TEST(Scene, OfGivenEmbeddingsHasTheNeighboursAccuracyWhereThereIsNoOther) {
  const std::vector<render::CurvePoint> some = {{.epoch = 0, .step = 0, .value = 1}};
  for (const bool has_loss : {false, true}) {
    for (const bool has_accuracy : {false, true}) {
      render::Scene scene;
      if (has_loss) scene.loss = some;
      if (has_accuracy) scene.accuracy = some;

      add_curves_of_neighbours(given_analysis(), scene);

      EXPECT_EQ(scene.knn_accuracy.empty(), has_loss && has_accuracy) << has_loss << has_accuracy;
      EXPECT_EQ(scene.neighbours_kept.empty(), has_loss) << has_loss << has_accuracy;
    }
  }
}

TEST(Scene, OfOneClassHasNoAccuracy) {
  store::Analysis analysis = given_analysis();
  analysis.class_names.pop_back();
  render::Scene scene;

  add_curves_of_neighbours(analysis, scene);

  ASSERT_FALSE(scene.neighbours_kept.empty());
  EXPECT_EQ(scene.neighbours_kept.back().value, 0.5);
  EXPECT_TRUE(scene.knn_accuracy.empty());
}

TEST(Scene, HasAsManyRowsAsOutliers) {
  store::Analysis analysis = given_analysis();
  render::Scene scene;
  describe_outliers(analysis, scene);
  EXPECT_EQ(scene.outlier_slots, 0u);

  analysis.ood_score = {0.5, std::exp(-3), 0.5, std::exp(-7)};
  analysis.outlier = {1, 1};
  describe_outliers(analysis, scene);
  EXPECT_EQ(scene.outlier_slots, 1u);
  EXPECT_NEAR(scene.farthest, 7, 1e-9);
}

}  // namespace
}  // namespace zoetrope::pipeline
