// SPDX-License-Identifier: Apache-2.0
// How tests compare tensors, and where they find and put files.
#pragma once

#include <filesystem>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "support/golden.hpp"
#include "support/scratch.hpp"

namespace zoetrope::testing {

// The largest |actual - expected|, after checking that shapes agree.
inline double largest_difference(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_EQ(actual.sizes(), expected.sizes());
  if (actual.numel() == 0) return 0;
  return (actual.to(at::kDouble) - expected.to(at::kDouble)).abs().max().item<double>();
}

// The same, relative to the largest |expected|.
inline double relative_difference(const at::Tensor& actual, const at::Tensor& expected) {
  return largest_difference(actual, expected) / expected.to(at::kDouble).abs().max().item<double>();
}

inline std::filesystem::path scratch_folder() {
  return scratch::folder();
}

inline std::filesystem::path golden(const std::string& name) {
  return golden_files::path(name);
}

}  // namespace zoetrope::testing
