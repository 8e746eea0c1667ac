// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

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
  void add(const at::Tensor& more) const { sum_.add_(more); }
  void add_product(const at::Tensor& a, const at::Tensor& b) const { sum_.addmm_(a, b); }
  // For autograd, which adds nothing where it gets nothing.
  at::Tensor rest() const { return has_buffer_ ? at::Tensor() : sum_; }

 private:
  bool has_buffer_ = false;
  at::Tensor sum_;
};

}  // namespace zoetrope::model
