// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::data {

// A uint8 tensor for gigabytes of pixels, not initialised; a large one lies in support::lazy_zeros().
at::Tensor large_byte_tensor(at::IntArrayRef sizes);

}  // namespace zoetrope::data
