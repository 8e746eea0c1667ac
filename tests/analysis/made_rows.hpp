// SPDX-License-Identifier: Apache-2.0
// Embeddings for tests, the same on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <ATen/ATen.h>

namespace zoetrope::analysis {

// Uniform in [-1, 1).
inline at::Tensor random_rows(std::int64_t num_rows, std::int64_t num_columns, std::uint32_t seed = 1) {
  std::mt19937 generator(seed);
  at::Tensor rows = at::empty({num_rows, num_columns}, at::kFloat);
  float* data = rows.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < rows.numel(); ++i) {
    data[i] = static_cast<float>(generator() >> 8) / static_cast<float>(1 << 23) - 1.0F;
  }
  return rows;
}

// Every `step`th row of `count`, from the first on.
inline std::vector<std::int64_t> up_to(std::int64_t count, std::int64_t step = 1) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < count; row += step) rows.push_back(row);
  return rows;
}

// Whole numbers from 0 to `largest`: many equal rows and many equal distances.
inline at::Tensor grid_rows(std::int64_t num_rows, std::int64_t num_columns, std::uint32_t largest) {
  std::mt19937 generator(7);
  at::Tensor rows = at::empty({num_rows, num_columns}, at::kFloat);
  float* data = rows.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < rows.numel(); ++i) data[i] = static_cast<float>(generator() % (largest + 1));
  return rows;
}

}  // namespace zoetrope::analysis
