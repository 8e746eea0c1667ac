// SPDX-License-Identifier: Apache-2.0
// Linear layers by products of our own beside libtorch's, in float64.
#include "../../src/model/cpu/linear.hpp"

#include <ostream>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "tensors.hpp"

namespace zoetrope::model {
namespace {

using zoetrope::testing::relative_difference;

struct Sizes {
  std::vector<std::int64_t> x;
  std::int64_t outputs;
  bool has_bias = true;
};

void PrintTo(const Sizes& sizes, std::ostream* to) {
  *to << at::IntArrayRef(sizes.x) << " to " << sizes.outputs << ", bias " << sizes.has_bias;
}

class Linear : public ::testing::TestWithParam<Sizes> {
 protected:
  void SetUp() override {
    const Sizes& sizes = GetParam();
    at::manual_seed(3);
    x = at::randn(sizes.x);
    weight = at::randn({sizes.outputs, sizes.x.back()});
    if (sizes.has_bias) bias = at::randn({sizes.outputs});
    std::vector<std::int64_t> shape = sizes.x;
    shape.back() = sizes.outputs;
    grad = at::randn(shape);
  }

  static at::Tensor leaf(const at::Tensor& tensor, at::ScalarType type) {
    return tensor.defined() ? tensor.detach().to(type, false, true).requires_grad_() : tensor;
  }

  at::Tensor x, weight, bias, grad;
};

TEST_P(Linear, HasLibtorchsResultAndGradients) {
  const at::Tensor x64 = leaf(x, at::kDouble), weight64 = leaf(weight, at::kDouble),
                   bias64 = leaf(bias, at::kDouble);
  const at::Tensor expected = at::linear(x64, weight64, bias64);
  expected.backward(grad.to(at::kDouble));

  const at::Tensor rows = leaf(x, at::kFloat), of = leaf(weight, at::kFloat), plus = leaf(bias, at::kFloat);
  const at::Tensor result = linear_by_gemm(rows, of, plus);
  result.backward(grad);

  ASSERT_EQ(result.sizes(), expected.sizes());
  EXPECT_LT(relative_difference(result, expected.to(at::kFloat)), 5e-6);
  EXPECT_LT(relative_difference(rows.grad(), x64.grad().to(at::kFloat)), 5e-6);
  EXPECT_LT(relative_difference(of.grad(), weight64.grad().to(at::kFloat)), 5e-6);
  if (!bias.defined()) return;
  EXPECT_LT(relative_difference(plus.grad(), bias64.grad().to(at::kFloat)), 5e-6);
}

TEST_P(Linear, AddsToTheGradientsThatLeavesHave) {
  const at::Tensor once = leaf(weight, at::kFloat), twice = leaf(weight, at::kFloat);
  twice.mutable_grad() = at::ones_like(twice);

  linear_by_gemm(x, once, bias).backward(grad);
  for (int i = 0; i < 2; ++i) linear_by_gemm(x, twice, bias).backward(grad);

  EXPECT_LT(relative_difference(twice.grad(), 1 + 2 * once.grad()), 5e-6);
}

// As the fused query, key and value's are, of which one token needs a part.
TEST_P(Linear, TakesRowsAndWeightsThatArePartsOfOthers) {
  const at::Tensor all = at::randn({2 * weight.size(0), weight.size(1)}).requires_grad_();
  const at::Tensor half = all.narrow(0, weight.size(0), weight.size(0));
  const at::Tensor every_second = at::stack({x, x}, 1).select(1, 1);

  const at::Tensor result = linear_by_gemm(every_second, half, bias);
  result.backward(grad);

  EXPECT_LT(relative_difference(result, at::linear(x, half, bias)), 5e-6);
  EXPECT_EQ(all.grad().narrow(0, 0, weight.size(0)).count_nonzero().item<std::int64_t>(), 0);
  EXPECT_NE(all.grad().count_nonzero().item<std::int64_t>(), 0);
}

TEST_P(Linear, GivesTheSameBitsWithoutAGraphAndOnAnyNumberOfThreads) {
  const at::Tensor with_graph = linear_by_gemm(x, leaf(weight, at::kFloat), bias).detach();
  const at::NoGradGuard no_grad;
  const int threads = at::get_num_threads();
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    EXPECT_TRUE(linear_by_gemm(x, weight, bias).equal(with_graph)) << count << " threads";
  }
  at::set_num_threads(threads);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Linear,
                         ::testing::Values(Sizes{{1, 8}, 1}, Sizes{{3, 5}, 10}, Sizes{{2, 197, 768}, 72},
                                           Sizes{{2, 7, 33}, 130, false}, Sizes{{1, 2, 3, 24}, 513}));

}  // namespace
}  // namespace zoetrope::model
