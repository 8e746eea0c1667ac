// SPDX-License-Identifier: Apache-2.0
// A row-major matrix that lies in memory of another.
#pragma once

#include <cstdint>

namespace zoetrope::model {

template <typename Float>
struct MatrixView {
  Float* data = nullptr;
  std::int64_t stride = 0;  // from a row to the next
};

}  // namespace zoetrope::model
