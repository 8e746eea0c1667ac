// SPDX-License-Identifier: Apache-2.0
#include "../../src/model/cpu/row_kernels.hpp"

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

class Gelu : public ::testing::TestWithParam<bool> {};

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

class SoftmaxRows : public ::testing::TestWithParam<std::int64_t> {
 protected:
  // Rows of the kernels' width; beyond the columns lies what must not count.
  static at::Tensor rows(const at::Tensor& x, float beyond) {
    const at::Tensor padded = at::full({x.size(0), softmax_width(x.size(1))}, beyond);
    padded.narrow(1, 0, x.size(1)).copy_(x);
    return padded;
  }
};

TEST_P(SoftmaxRows, AreLibtorchsAndEndInZeros) {
  const at::Tensor x = at::randn({5, GetParam()}) * 10, y = rows(x, 1e30F);

  softmax_rows({5, GetParam()}, y.mutable_data_ptr<float>());

  EXPECT_TRUE(y.narrow(1, 0, GetParam()).allclose(x.softmax(1), 1e-5, 1e-7));
  EXPECT_TRUE(y.slice(1, GetParam()).eq(0).all().item<bool>());
}

TEST_P(SoftmaxRows, HaveLibtorchsGradient) {
  at::Tensor x = at::randn({5, GetParam()}).requires_grad_(true);
  const at::Tensor grad = at::randn({5, GetParam()}), p = x.softmax(1);
  p.backward(grad);
  const at::Tensor y = rows(grad, 0);

  softmax_rows_backward({5, GetParam()}, rows(p.detach(), 0).const_data_ptr<float>(),
                        y.mutable_data_ptr<float>());

  EXPECT_TRUE(y.narrow(1, 0, GetParam()).allclose(x.grad(), 1e-4, 1e-6));
  EXPECT_TRUE(y.slice(1, GetParam()).eq(0).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Columns, SoftmaxRows, ::testing::Values(1, 7, 8, 17, 128));

INSTANTIATE_TEST_SUITE_P(WithSlope, Gelu, ::testing::Bool());

}  // namespace
}  // namespace zoetrope::model
