// SPDX-License-Identifier: Apache-2.0
// Tensors of megabytes to gigabytes on the CPU. Large ones lie in support::lazy_zeros(): in huge pages, and
// cleared by the system as they are touched.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::compute {

// uint8, for pixels; not initialised. RunError without memory for it.
at::Tensor large_bytes(at::IntArrayRef sizes);

// float32 [count] of zeros, for a model's values, which are not cleared before they are read. RunError
// without memory.
at::Tensor large_zeros(std::int64_t count);

}  // namespace zoetrope::compute
