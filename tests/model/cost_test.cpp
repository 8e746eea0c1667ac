// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/cost.hpp"

#include <gtest/gtest.h>

#include "zoetrope/model/vit.hpp"

namespace zoetrope::model {
namespace {

VitConfig base(const char* model_type) {
  VitConfig config = VitConfig::from_json({{"model_type", model_type}}, "config.json");
  config.id2label.assign(1000, "x");
  return config;
}

TEST(Cost, VitBaseHasThePublishedParameters) {
  EXPECT_EQ(num_parameters(base("vit")), 86'567'656);  // torchvision's vit_b_16
  EXPECT_EQ(num_parameters(base("vit")), Vit(base("vit")).num_parameters());
}

TEST(Cost, VitBaseTakesThePublishedOperationsLessTheUnusedRows) {
  // 17.58 G multiply-adds (Dosovitskiy et al.; torchvision's vit_b_16), less 196 rows of the last layer's
  // query, attention, projection and MLP.
  const double rows = 196.0 * (2.0 * 768 * 768 + 2.0 * 768 * 3072 + 2.0 * 197 * 768);
  EXPECT_NEAR(forward_flops(base("vit")) / 2 + rows, 17.58e9, 0.02e9);
}

TEST(Cost, Dinov2NeedsEveryRow) {
  // 256 patches of 14 x 14 at 224; every layer in full.
  const double layer = 257.0 * 12 * 768 * 768 + 2.0 * 257 * 257 * 768;
  const double expected = 256.0 * 3 * 14 * 14 * 768 + 12 * layer + 2 * 768.0 * 1000;
  EXPECT_DOUBLE_EQ(forward_flops(base("dinov2"), 224) / 2, expected);
}

TEST(Cost, GrowsWithTheImages) {
  EXPECT_GT(forward_flops(base("vit"), 384), 2.9 * forward_flops(base("vit"), 224));
  EXPECT_GT(activation_bytes(base("vit"), 384), 2.9 * activation_bytes(base("vit"), 224));
}

// The activations of a model that is read take more bytes than 64 bits count.
TEST(Cost, NoConfigurationOverflows) {
  const VitConfig config = VitConfig::from_json({{"model_type", "vit"},
                                                 {"hidden_size", 1},
                                                 {"num_attention_heads", 1},
                                                 {"num_hidden_layers", 9000},
                                                 {"intermediate_size", 1048576},
                                                 {"image_size", 200000},
                                                 {"patch_size", 1}},
                                                "config.json");
  EXPECT_GT(num_parameters(config), 50'000'000'000);
  EXPECT_GT(training_bytes(config, 1), 0x1p64);
  EXPECT_GT(forward_flops(config), 0x1p64);
}

TEST(Cost, TrainingHoldsFourBuffersAndTheMicroBatchsActivations) {
  EXPECT_DOUBLE_EQ(training_bytes(base("vit"), 0), 16.0 * static_cast<double>(num_parameters(base("vit"))));
  EXPECT_DOUBLE_EQ(training_bytes(base("vit"), 8) - training_bytes(base("vit"), 0),
                   8 * activation_bytes(base("vit")));
}

}  // namespace
}  // namespace zoetrope::model
