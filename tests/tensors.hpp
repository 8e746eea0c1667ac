// SPDX-License-Identifier: Apache-2.0
// How tests compare tensors and make scratch folders.
#pragma once

#include <filesystem>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

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

// An empty folder named after the running test, below the test's working directory.
inline std::filesystem::path scratch_folder() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  for (char& c : name)
    if (c == '/') c = '_';
  const std::filesystem::path folder = std::filesystem::current_path() / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(ZOETROPE_GOLDEN_DIR) / name;
}

}  // namespace zoetrope::testing
