// SPDX-License-Identifier: Apache-2.0
// What a model costs, from its configuration alone. `image_side` is that of the images it is given; 0 is the
// configuration's own. Floating-point numbers, since no configuration overflows them.
#pragma once

#include <cstdint>

#include "zoetrope/model/config.hpp"

namespace zoetrope::model {

std::int64_t num_parameters(const VitConfig& config);

// Floating-point operations of one image's forward pass (a multiply-add is two), as computed here: after the
// last attention only the CLS row, unless the classifier takes the patches' mean.
double forward_flops(const VitConfig& config, std::int64_t image_side = 0);

// Of one image's forward and backward pass: backward has two matrix products for each of forward's.
double training_flops(const VitConfig& config, std::int64_t image_side = 0);

// Bytes that one image's forward pass keeps for backward.
double activation_bytes(const VitConfig& config, std::int64_t image_side = 0);

// Bytes that training holds: weights, gradients, both moments, and the activations of a micro-batch.
double training_bytes(const VitConfig& config, std::int64_t micro_batch, std::int64_t image_side = 0);

}  // namespace zoetrope::model
