// SPDX-License-Identifier: Apache-2.0
#include "../../src/model/row_kernels.hpp"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace zoetrope::model {
namespace {

at::Tensor gelu(const at::Tensor& x, bool with_slope) {
  const at::Tensor y = x.clone(), slope = at::empty_like(x), bias = at::zeros({x.size(1)});
  add_bias_gelu({x.size(0), x.size(1)}, y.mutable_data_ptr<float>(), bias.const_data_ptr<float>(),
                with_slope ? slope.mutable_data_ptr<float>() : nullptr);
  return y;
}

class Gelu : public testing::TestWithParam<bool> {};

TEST_P(Gelu, IsExactToTwoRoundings) {
  const at::Tensor x = at::linspace(-12, 12, 80000).view({-1, 8});
  const at::Tensor exact = at::gelu(x.to(at::kDouble));

  const at::Tensor error = (gelu(x, GetParam()).to(at::kDouble) - exact).abs() / exact.abs().clamp_min(1);

  // 1e-6 at -5: half a float's rounding of Phi(u), times u. at::gelu's own error is 1.1e-6.
  EXPECT_LT(error.max().item<double>(), 1.2e-6);
}

TEST_P(Gelu, StaysWithinItsBoundsFarOut) {
  const float infinity = std::numeric_limits<float>::infinity();
  const at::Tensor x = at::tensor({-1e30F, -1e4F, -30.0F, 0.0F, 30.0F, 1e4F, 1e30F, infinity}).view({1, 8});

  const at::Tensor y = gelu(x, GetParam());

  EXPECT_TRUE(y.allclose(at::tensor({0.0F, 0.0F, 0.0F, 0.0F, 30.0F, 1e4F, 1e30F, infinity}).view({1, 8}),
                         1e-6, 1e-30))
      << y;
}

TEST_P(Gelu, KeepsNaN) {
  const at::Tensor y = gelu(at::full({2, 8}, std::nan("")), GetParam());

  EXPECT_TRUE(y.isnan().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(WithSlope, Gelu, testing::Bool());

}  // namespace
}  // namespace zoetrope::model
