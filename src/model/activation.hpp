// SPDX-License-Identifier: Apache-2.0
// The activations of an MLP.
#pragma once

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"

namespace zoetrope::model {

at::Tensor activate(Activation activation, const at::Tensor& x);

}  // namespace zoetrope::model
