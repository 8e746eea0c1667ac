// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <ostream>

#include <gtest/gtest.h>

#include "extractor.hpp"

namespace zoetrope::embed {
namespace {

struct Sizes {
  const char* model;
  std::int64_t hidden, intermediate, patch, image;
  std::int64_t on_core, on_device;  // images of a block
  friend std::ostream& operator<<(std::ostream& out, const Sizes& sizes) { return out << sizes.model; }
};

class BlockSize : public ::testing::TestWithParam<Sizes> {};

TEST_P(BlockSize, IsWhatTheWidestActivationLeavesRoomFor) {
  const Sizes& sizes = GetParam();
  model::VitConfig config;
  config.hidden_size = sizes.hidden;
  config.intermediate_size = sizes.intermediate;
  config.patch_size = sizes.patch;
  config.image_size = sizes.image;

  EXPECT_EQ(block_size(config, c10::kCPU), sizes.on_core);
  EXPECT_EQ(block_size(config, c10::kCUDA), sizes.on_device);
}

INSTANTIATE_TEST_SUITE_P(Models, BlockSize,
                         testing::Values(Sizes{"ViT-B/16", 768, 3072, 16, 224, 8, 256},
                                         Sizes{"ViT-L/16", 1024, 4096, 16, 224, 8, 256},
                                         Sizes{"ViT-H/14", 1280, 5120, 14, 224, 8, 256},
                                         Sizes{"ViT-B/14 at 518", 768, 3072, 14, 518, 8, 127},
                                         Sizes{"ViT-L/14 at 518", 1024, 4096, 14, 518, 8, 95},
                                         Sizes{"ViT-L/4 at 896", 1024, 4096, 4, 896, 8, 8},
                                         Sizes{"a small one at 28", 64, 128, 7, 28, 80, 256}));

}  // namespace
}  // namespace zoetrope::embed
