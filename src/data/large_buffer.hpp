// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::data {

// A uint8 tensor for gigabytes of pixels, not initialised. It asks the kernel for huge pages: touched for the
// first time in pages of 4 KiB, such a buffer costs more than the pixels that are written to it.
at::Tensor large_byte_tensor(at::IntArrayRef sizes);

}  // namespace zoetrope::data
