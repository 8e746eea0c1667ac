// SPDX-License-Identifier: Apache-2.0
// Whether boxes lie on one another, for tests of what is laid out.
#pragma once

#include "geometry.hpp"

namespace zoetrope::render {

// `touching`: by how many pixels they may.
inline bool overlap(const Rect& a, const Rect& b, double touching = 0) {
  return a.x < b.right() - touching && b.x < a.right() - touching && a.y < b.bottom() - touching &&
         b.y < a.bottom() - touching;
}

}  // namespace zoetrope::render
