// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "zoetrope/model/vit.hpp"

#include "fingerprint.hpp"

namespace zoetrope::model {
namespace {

VitConfig config_of(const char* model_type) {
  VitConfig config = VitConfig::from_json(
      {{"model_type", model_type}, {"hidden_size", 192}, {"num_hidden_layers", 2}, {"layerscale_value", 0.5}},
      "config.json");
  config.id2label.assign(10, "x");
  return config;
}

void expect_normal(const at::Tensor& values, double standard_deviation, const std::string& name) {
  const double standard_error = standard_deviation / std::sqrt(static_cast<double>(values.numel()));
  EXPECT_NEAR(values.mean().item<double>(), 0, 5 * standard_error) << name;
  EXPECT_NEAR(values.std().item<double>(), standard_deviation, 5 * standard_error) << name;
}

void expect_all(const at::Tensor& values, float expected, const std::string& name) {
  EXPECT_EQ(values.min().item<float>(), expected) << name;
  EXPECT_EQ(values.max().item<float>(), expected) << name;
}

class Initialize : public ::testing::TestWithParam<const char*> {};

TEST_P(Initialize, HasTheStatisticsOfTransformers) {
  Vit model(config_of(GetParam()));

  initialize(model, 42);

  const bool is_deit = model.config().family == Family::kDeit;
  for (const auto& [name, view] : named_views(model.parameters(), model.flat())) {
    const bool is_token = name.ends_with("_token") || name.ends_with("position_embeddings");
    if (name.ends_with(".bias") || (is_deit && is_token)) {
      expect_all(view, 0, name);
    } else if (name.find("norm") != std::string::npos) {
      expect_all(view, 1, name);
    } else if (name.ends_with("lambda1")) {
      expect_all(view, 0.5, name);
    } else {
      expect_normal(view, 0.02, name);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Initialize, ::testing::Values("vit", "deit", "dinov2"));

TEST(Initialize, DependsOnTheSeedAlone) {
  Vit first(config_of("vit")), second(config_of("vit")), other(config_of("vit"));

  initialize(first, 1);
  initialize(second, 1);
  initialize(other, 2);

  EXPECT_EQ(testing::fingerprint(first), testing::fingerprint(second));
  EXPECT_NE(testing::fingerprint(first), testing::fingerprint(other));
}

TEST(Initialize, OfTheClassifierLeavesTheRest) {
  Vit model(config_of("vit"));

  initialize(model, 1, "classifier.");

  for (const auto& [name, view] : named_views(model.parameters(), model.flat())) {
    if (name == "classifier.weight") {
      expect_normal(view, 0.02, name);
    } else {
      expect_all(view, 0, name);
    }
  }
}

}  // namespace
}  // namespace zoetrope::model
