// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include "../gradient_buffer.hpp"
#include "gemm.hpp"

namespace zoetrope::model {

class WeightGradient : public GradientBuffer {
 public:
  using GradientBuffer::GradientBuffer;

  // That of a linear layer's weight, for its result's gradient (R, N) and its input x (R, K).
  void add_product(const at::Tensor& grad, const at::Tensor& x) const {
    multiply_transposed({grad.size(1), x.size(1), x.size(0)}, {grad.const_data_ptr<float>(), grad.size(1)},
                        {x.const_data_ptr<float>(), x.size(1)}, {data(), x.size(1)}, Before::kAddedTo);
  }
};

}  // namespace zoetrope::model
