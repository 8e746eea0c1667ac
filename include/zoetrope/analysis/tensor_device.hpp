// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

namespace zoetrope::analysis {

// Where the products of all rows are computed: by loops made for this rank's cores (none given), or by tensor
// operations on a device. These run on a CPU, too, though slower: that is how tests compare the two.
using TensorDevice = std::optional<at::Device>;

}  // namespace zoetrope::analysis
