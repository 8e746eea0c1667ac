// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace zoetrope::support {

// A picture as bytes.
struct Image {
  int height = 0;
  int width = 0;
  int channels = 0;                  // 1 grey, 3 RGB
  std::vector<std::uint8_t> pixels;  // [height, width, channels]
};

}  // namespace zoetrope::support
