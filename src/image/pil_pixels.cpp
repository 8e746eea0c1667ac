// SPDX-License-Identifier: Apache-2.0
#include "pil_pixels.hpp"

#include "decoders.hpp"

namespace zoetrope::image {

Image look_up(const Palette& palette, std::span<const std::uint8_t> indices, int height, int width) {
  const bool grey =
      std::ranges::all_of(palette, [](const Colour& c) { return c[0] == c[1] && c[1] == c[2]; });
  const std::size_t channels = grey ? 1 : 3;
  Image image = blank_image(height, width, static_cast<int>(channels));
  std::uint8_t* out = image.pixels.data();
  for (const std::uint8_t index : indices) out = std::copy_n(palette[index].data(), channels, out);
  return image;
}

Image cmyk_to_rgb(const Image& cmyk, std::uint8_t inverted) {
  Image rgb = blank_image(cmyk.height, cmyk.width, 3);
  const std::uint8_t* source = cmyk.pixels.data();
  for (std::size_t i = 0; i < rgb.pixels.size(); i += 3, source += 4) {
    const int white = 255 - (source[3] ^ inverted);
    for (std::size_t c = 0; c < 3; ++c) {
      const int product = (source[c] ^ inverted) * white + 128;
      rgb.pixels[i + c] = saturate(white - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}

void ycc_to_rgb(Image& image) {
  constexpr int kBits = 6;
  // As PIL's tables have it: a half is added and the rest cut off, for negative numbers, too.
  const auto scaled = [](double factor, int chroma) {
    return static_cast<int>(factor * (1 << kBits) * (chroma - 128) + 0.5);
  };
  for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    const int luma = image.pixels[i], blue = image.pixels[i + 1], red = image.pixels[i + 2];
    image.pixels[i] = saturate(luma + (scaled(1.402, red) >> kBits));
    image.pixels[i + 1] = saturate(luma + ((scaled(-0.34414, blue) + scaled(-0.71414, red)) >> kBits));
    image.pixels[i + 2] = saturate(luma + (scaled(1.772, blue) >> kBits));
  }
}

Image divide_by_alpha(const Image& image) {
  Image colours = blank_image(image.height, image.width, image.channels - 1);
  const std::uint8_t* source = image.pixels.data();
  std::uint8_t* out = colours.pixels.data();
  for (const std::uint8_t* end = source + image.pixels.size(); source != end; ++source) {
    const int alpha = source[colours.channels];
    for (int c = 0; c < colours.channels; ++c, ++source)
      *out++ = alpha == 0 ? std::uint8_t{0} : saturate(*source * 255 / alpha);
  }
  return colours;
}

}  // namespace zoetrope::image
