// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include "gemm.hpp"

namespace zoetrope::model {

// Where a weight's gradient is added: in the leaf's own buffer, if it has one.
class WeightGradient {
 public:
  explicit WeightGradient(const at::Tensor& weight) {
    if (!weight.defined()) return;
    has_buffer_ = weight.is_leaf() && weight.grad().defined() && weight.grad().is_contiguous();
    sum_ = has_buffer_ ? weight.grad() : at::zeros_like(weight);
  }

  float* data() const { return sum_.mutable_data_ptr<float>(); }
  // That of a linear layer's weight, for its result's gradient (R, N) and its input x (R, K).
  void add_product(const at::Tensor& grad, const at::Tensor& x) const {
    multiply_transposed({grad.size(1), x.size(1), x.size(0)}, {grad.const_data_ptr<float>(), grad.size(1)},
                        {x.const_data_ptr<float>(), x.size(1)}, {data(), x.size(1)}, Before::kAddedTo);
  }
  // For autograd, which adds nothing where it gets nothing.
  at::Tensor rest() const { return has_buffer_ ? at::Tensor() : sum_; }

 private:
  bool has_buffer_ = false;
  at::Tensor sum_;
};

}  // namespace zoetrope::model
