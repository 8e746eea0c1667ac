// SPDX-License-Identifier: Apache-2.0
// Changes without a jump.
#pragma once

#include <algorithm>

namespace zoetrope::render {

// 0 up to `from`, 1 beyond `to`, between them a cubic that starts and ends at rest.
inline double smooth_step(double from, double to, double value) {
  const double t = std::clamp((value - from) / (to - from), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

}  // namespace zoetrope::render
