// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/image/shrink.hpp"

namespace zoetrope::image {

Image shrink(const Image& image, int factor) {
  Image small{image.height / factor, image.width / factor, image.channels, {}};
  const auto at = [&](int y, int x, int c) {
    return image.pixels[(static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
                         static_cast<std::size_t>(x)) *
                            static_cast<std::size_t>(image.channels) +
                        static_cast<std::size_t>(c)];
  };
  const auto mean = [&](int y, int x, int c) {
    std::int64_t sum = 0;
    for (int dy = 0; dy < factor; ++dy)
      for (int dx = 0; dx < factor; ++dx) sum += at(y * factor + dy, x * factor + dx, c);
    const std::int64_t count = std::int64_t{factor} * factor;
    return static_cast<std::uint8_t>((sum + count / 2) / count);
  };
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width; ++x)
      for (int c = 0; c < small.channels; ++c) small.pixels.push_back(mean(y, x, c));
  return small;
}

}  // namespace zoetrope::image
