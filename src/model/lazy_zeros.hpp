// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// float32 [count] of zeros on the CPU; many of them lie in support::lazy_zeros(), so that a model that is
// about to be read is not cleared first.
at::Tensor lazy_zeros(std::int64_t count);

}  // namespace zoetrope::model
