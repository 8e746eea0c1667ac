// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

// Every pixel the mean of a square of `factor` x `factor` pixels; what is left over at the right and at the
// bottom is dropped.
Image shrink(const Image& image, int factor);

}  // namespace zoetrope::data
