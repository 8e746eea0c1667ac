// SPDX-License-Identifier: Apache-2.0
#include "../../src/model/cpu/transpose.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace zoetrope::model {
namespace {

struct Case {
  std::int64_t rows, columns, width;
};

class Transposed : public ::testing::TestWithParam<Case> {};

TEST_P(Transposed, HasRowsForColumnsAndZerosBehind) {
  const auto [rows, columns, width] = GetParam();
  const at::Tensor from = at::randn({rows, columns + 3}).narrow(1, 1, columns);
  const at::Tensor to = at::full({columns, width + 2}, -1.0F);

  transpose(rows, columns, {from.const_data_ptr<float>(), from.stride(0)},
            {to.mutable_data_ptr<float>(), to.stride(0)}, width);

  EXPECT_TRUE(to.narrow(1, 0, rows).equal(from.t()));
  EXPECT_TRUE(to.slice(1, rows, width).eq(0).all().item<bool>());
  EXPECT_TRUE(to.slice(1, width).eq(-1).all().item<bool>());
}

// Of nothing, of less than a square, of whole squares, and of what is left over in each direction.
INSTANTIATE_TEST_SUITE_P(Sizes, Transposed,
                         ::testing::Values(Case{0, 8, 0}, Case{1, 1, 1}, Case{8, 8, 8}, Case{17, 24, 17},
                                           Case{24, 17, 24}, Case{9, 7, 9}, Case{17, 32, 24}, Case{1, 8, 8},
                                           Case{9, 7, 20}));

}  // namespace
}  // namespace zoetrope::model
