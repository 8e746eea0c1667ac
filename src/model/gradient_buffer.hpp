// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

namespace zoetrope::model {

// Where a parameter's gradient is added, in float32: in the leaf's own buffer, if it has one.
class GradientBuffer {
 public:
  explicit GradientBuffer(const at::Tensor& parameter) {
    if (!parameter.defined()) return;
    has_buffer_ = parameter.is_leaf() && parameter.grad().defined() && parameter.grad().is_contiguous();
    sum_ = has_buffer_ ? parameter.grad() : at::zeros_like(parameter);
  }

  const at::Tensor& sum() const { return sum_; }
  float* data() const { return sum_.mutable_data_ptr<float>(); }
  // For autograd, which adds nothing where it gets nothing.
  at::Tensor rest() const { return has_buffer_ ? at::Tensor() : sum_; }

 private:
  bool has_buffer_ = false;
  at::Tensor sum_;
};

}  // namespace zoetrope::model
