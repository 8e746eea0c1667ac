// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "kernels.hpp"

namespace zoetrope::model {

// Computes random rows on `device` with the kernels and with libtorch's operations in float32, and waits for
// both. "", or the first result that is off by more than its bound, and by how much: a wrong kernel must not
// train a model.
std::string find_error(const RowKernels& kernels, std::int64_t hidden, std::int64_t inner, at::Device device);

}  // namespace zoetrope::model
