// SPDX-License-Identifier: Apache-2.0
// Reads PNG files by libpng.
#include <memory>

#include <png.h>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::render {
namespace {

static_assert(sizeof(std::uint32_t) == 4);

// More is no frame of ours, and a damaged header must not make us allocate it.
constexpr std::uint64_t kMostPixels = std::uint64_t{8192} * 8192;

}  // namespace

Picture read_png(const std::filesystem::path& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, decltype(&png_image_free)> guard(&image, &png_image_free);
  const auto damaged = [&](const std::string& reason) {
    return InputError(path.string() + ": not a readable PNG picture (" + reason +
                      "): delete it and draw it again");
  };
  if (png_image_begin_read_from_file(&image, path.c_str()) == 0) throw damaged(image.message);
  if (std::uint64_t{image.width} * image.height > kMostPixels || image.width == 0 || image.height == 0) {
    throw damaged("its header says " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                  " pixels");
  }
  image.format = PNG_FORMAT_BGRA;
  Picture picture{static_cast<int>(image.width), static_cast<int>(image.height), {}};
  picture.pixels.resize(std::size_t{image.width} * image.height);
  if (png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr) == 0)
    throw damaged(image.message);
  return picture;
}

}  // namespace zoetrope::render
