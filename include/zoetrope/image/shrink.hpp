// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "zoetrope/support/image.hpp"

namespace zoetrope::image {

using support::Image;

// Every pixel the mean of a square of `factor` x `factor` pixels; what is left over at the right and at the
// bottom is dropped.
Image shrink(const Image& image, int factor);

}  // namespace zoetrope::image
