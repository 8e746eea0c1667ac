// SPDX-License-Identifier: Apache-2.0
#include "../../src/model/cpu/gemm.hpp"

#include <ostream>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace zoetrope::model {

static void PrintTo(const ProductSize& size, std::ostream* to) {
  *to << size.rows << " x " << size.columns << ", depth " << size.depth;
}

namespace {

// Rows that are parts of longer ones, as an attention head's are.
at::Tensor matrix(std::int64_t rows, std::int64_t columns) {
  return at::randn({rows, columns + 3}).narrow(1, 1, columns);
}

MatrixView<const float> view(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), tensor.stride(0)};
}

MatrixView<float> mutable_view(const at::Tensor& tensor) {
  return {tensor.mutable_data_ptr<float>(), tensor.stride(0)};
}

using Product = void (*)(ProductSize, MatrixView<const float>, MatrixView<const float>, MatrixView<float>,
                         Before);

class Products : public ::testing::TestWithParam<ProductSize> {
 protected:
  // `product` of a and b against `expected`, with and without what was there before.
  static void check(Product product, const at::Tensor& a, const at::Tensor& b, const at::Tensor& expected) {
    const auto [rows, columns, depth] = GetParam();
    const at::Tensor before = at::randn({rows, columns + 5});
    const at::Tensor set = before.clone(), added = before.clone();

    product(GetParam(), view(a), view(b), mutable_view(set.narrow(1, 2, columns)), Before::kOverwritten);
    product(GetParam(), view(a), view(b), mutable_view(added.narrow(1, 2, columns)), Before::kAddedTo);

    at::Tensor around = before.clone();
    around.narrow(1, 2, columns).copy_(expected);
    const double tolerance = 1e-6 * static_cast<double>(depth);
    EXPECT_TRUE(set.allclose(around, 1e-5, tolerance));
    around.narrow(1, 2, columns).copy_(before.narrow(1, 2, columns) + expected);
    EXPECT_TRUE(added.allclose(around, 1e-5, tolerance));
  }

  static at::Tensor exact(const at::Tensor& a, const at::Tensor& b) {
    return a.to(at::kDouble).mm(b.to(at::kDouble)).to(at::kFloat);
  }
};

TEST_P(Products, OfAAndB) {
  const at::Tensor a = matrix(GetParam().rows, GetParam().depth),
                   b = matrix(GetParam().depth, GetParam().columns);
  check(multiply, a, b, exact(a, b));
}

TEST_P(Products, OfAAndTransposedB) {
  const at::Tensor a = matrix(GetParam().rows, GetParam().depth),
                   b = matrix(GetParam().columns, GetParam().depth);
  check(multiply_by_transposed, a, b, exact(a, b.t()));
}

TEST_P(Products, OfTransposedAAndB) {
  const at::Tensor a = matrix(GetParam().depth, GetParam().rows),
                   b = matrix(GetParam().depth, GetParam().columns);
  check(multiply_transposed, a, b, exact(a.t(), b));
}

TEST_P(Products, AreTheSameBitsOnAnyThreadsAndForAnyRowsAround) {
  const auto [rows, columns, depth] = GetParam();
  const at::Tensor a = matrix(rows, depth), b = matrix(columns, depth);
  const int before = at::get_num_threads();
  const at::Tensor one = at::empty({rows, columns}), several = at::empty({rows, columns});
  const at::Tensor row = at::empty({1, columns});

  at::set_num_threads(1);
  multiply_by_transposed(GetParam(), view(a), view(b), mutable_view(one));
  at::set_num_threads(3);
  multiply_by_transposed(GetParam(), view(a), view(b), mutable_view(several));
  at::set_num_threads(before);

  EXPECT_TRUE(one.equal(several));
  if (rows == 0) return;
  multiply_by_transposed({1, columns, depth}, view(a.narrow(0, rows - 1, 1)), view(b), mutable_view(row));
  EXPECT_TRUE(row[0].equal(one[rows - 1]));
}

// Of nothing, of less than a vector, of an attention head, and of more than one block in each direction.
INSTANTIATE_TEST_SUITE_P(Sizes, Products,
                         ::testing::Values(ProductSize{0, 5, 3}, ProductSize{5, 0, 3}, ProductSize{1, 1, 1},
                                           ProductSize{4, 17, 32}, ProductSize{17, 10, 128},
                                           ProductSize{272, 384, 128}, ProductSize{397, 131, 521},
                                           ProductSize{130, 300, 1025}));

}  // namespace
}  // namespace zoetrope::model
