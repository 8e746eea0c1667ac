// SPDX-License-Identifier: Apache-2.0
// The input is an image file.
#include <cstdlib>

#include "zoetrope/image/decode.hpp"
#include "zoetrope/support/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  try {
    const support::Image image = image::decode_image({data, size}, "fuzz");
    const auto pixels = static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width);
    if (image.pixels.size() != pixels * static_cast<std::size_t>(image.channels)) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
