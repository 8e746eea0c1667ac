// SPDX-License-Identifier: Apache-2.0
// PNG files by libpng. Its errors arrive by longjmp, so the functions that call it own nothing.
#include <csetjmp>
#include <cstdio>
#include <memory>

#include <png.h>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::render {
namespace {

static_assert(sizeof(std::uint32_t) == 4);

// More is no frame of ours, and a damaged header must not make us allocate it.
constexpr std::uint64_t kMostPixels = std::uint64_t{8192} * 8192;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

struct Failure {
  char reason[128] = "";
};

[[noreturn]] void on_error(png_structp png, png_const_charp reason) {
  auto* failure = static_cast<Failure*>(png_get_error_ptr(png));
  std::snprintf(failure->reason, sizeof failure->reason, "%s", reason);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

// False on failure, with the reason.
bool write_pixels(std::FILE* file, const std::uint32_t* pixels, int width, int height, Failure& failure) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &failure, on_error, on_warning);
  if (png == nullptr) return false;
  png_infop info = png_create_info_struct(png);
  if (info == nullptr || setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_write_struct(&png, &info);
    return false;
  }
  png_init_io(png, file);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  // A frame is mostly flat: filters cost more than they save, and so do levels above 2.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
  png_set_compression_level(png, 2);
  png_set_compression_buffer_size(png, 1 << 18);
  png_write_info(png, info);
  png_set_filler(png, 0, PNG_FILLER_AFTER);
  png_set_bgr(png);
  for (int y = 0; y < height; ++y) {
    png_write_row(png, reinterpret_cast<png_const_bytep>(pixels + static_cast<std::ptrdiff_t>(y) * width));
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return true;
}

}  // namespace

void write_png(const std::filesystem::path& path, const Picture& picture) {
  support::AtomicPath atomic(path);
  {
    const File file(std::fopen(atomic.temporary().c_str(), "wb"));
    Failure failure;
    if (!file) throw RunError(path.string() + ": cannot be created");
    if (!write_pixels(file.get(), picture.pixels.data(), picture.width, picture.height, failure) ||
        std::fflush(file.get()) != 0) {
      throw RunError(path.string() + ": writing the picture failed (" + failure.reason +
                     "): is the disk full?");
    }
  }
  atomic.commit();
}

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
