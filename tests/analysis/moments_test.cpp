// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <tuple>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/projection.hpp"

#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

at::Tensor centred(const at::Tensor& rows) {
  const at::Tensor wide = rows.to(at::kDouble);
  return wide - wide.mean(0);
}

// Widths about those of the kernel's blocks, numbers of rows about those of its chunks.
class ScatterOf : public ::testing::TestWithParam<std::tuple<std::int64_t, std::int64_t>> {};
INSTANTIATE_TEST_SUITE_P(Shapes, ScatterOf,
                         ::testing::Combine(::testing::Values(3, 127, 1024, 1025, 2200),
                                            ::testing::Values(2, 47, 48, 49, 97, 130)));

TEST_P(ScatterOf, EqualsProductsInFloat64) {
  const auto [count, width] = GetParam();
  const at::Tensor rows = random_rows(count, width) * 3 + 7;
  const at::Tensor expected = at::mm(centred(rows).t(), centred(rows));

  const Scatter scatter = Scatter::of(rows);

  const double scale = expected.abs().max().item<double>();
  for (std::int64_t i = 0; i < width; ++i)
    for (std::int64_t j = i; j < width; ++j)
      EXPECT_NEAR(scatter.products(i, j), expected[i][j].item<double>(), 1e-13 * scale) << i << ", " << j;
}

TEST_P(ScatterOf, GivesTheCkaOfFloat64AndOfFloat32) {
  const auto [count, width] = GetParam();
  const at::Tensor x = random_rows(count, width), y = x.narrow(1, 0, (width + 1) / 2) + 0.5;
  const at::Tensor a = centred(x), b = centred(y);
  const auto norm = [](const at::Tensor& left, const at::Tensor& right) {
    return at::mm(left.t(), right).norm().item<double>();
  };
  const double expected = norm(a, b) * norm(a, b) / (norm(a, a) * norm(b, b));

  EXPECT_NEAR(SimilarityInParts(x, Scatter::of(x), y, Scatter::of(y)).linear_cka(), expected, 1e-12);
  EXPECT_NEAR(quick_linear_cka(x, Scatter::of(x), y, Scatter::of(y)), expected, 1e-6);
}

}  // namespace
}  // namespace zoetrope::analysis
