// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"

#include "fused.hpp"

namespace zoetrope::model {

// The kernels of a model's layers on `device`, made and checked at the first call, which waits for the
// device. Null on CPUs, and where they cannot be had or are found wrong, which is logged once: libtorch's
// operations compute the same.
KernelsPointer kernels_on(at::Device device, const VitConfig& config);

}  // namespace zoetrope::model
