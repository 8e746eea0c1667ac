// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace zoetrope::analysis {

// |x - y|^2 in float32, with the same bits on every processor.
float float_distance(const float* x, const float* y, std::int64_t size);

}  // namespace zoetrope::analysis
