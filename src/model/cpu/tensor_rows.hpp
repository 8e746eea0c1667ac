// SPDX-License-Identifier: Apache-2.0
// Contiguous float32 tensors as the kernels of this room take them.
#pragma once

#include <ATen/core/Tensor.h>

#include "row_kernels.hpp"

namespace zoetrope::model {

// Null for an undefined tensor.
inline const float* in(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

inline float* out(const at::Tensor& tensor) {
  return tensor.mutable_data_ptr<float>();
}

inline Extent extent_of(const at::Tensor& matrix) {
  return {matrix.size(0), matrix.size(1)};
}

}  // namespace zoetrope::model
