// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// float32 [count] of zeros on the CPU, which take no memory and no time until they are written: a model that
// is about to be read is not cleared first. Large ones lie in huge pages where the system has them.
at::Tensor lazy_zeros(std::int64_t count);

}  // namespace zoetrope::model
