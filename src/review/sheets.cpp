// SPDX-License-Identifier: Apache-2.0
#include "sheets.hpp"

#include <cstddef>
#include <cstdio>
// jpeglib.h needs the two above
#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>

#include <jpeglib.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::review {
namespace {

// JPEG's quality: the first of these with which the sheets keep to kMostBytes a pixel, else the last. Images
// full of detail would make a page of 10,000 of them larger than 12 MB.
constexpr int kQualities[] = {88, 80, 70, 60, 50, 40};
constexpr double kMostBytes = 0.4;
constexpr std::int64_t kMaxSheetSide = 4096;  // what every browser's graphics memory takes
constexpr std::int64_t kBlock = 8;

// How large an image is shown at most. Many images are shown smaller, so that the page stays within reason.
std::int64_t max_side(std::int64_t count) {
  return count <= 5000 ? 64 : count <= 20000 ? 48 : 32;
}

std::int64_t round_up(std::int64_t value) {
  return (value + kBlock - 1) / kBlock * kBlock;
}

[[noreturn]] void throw_jpeg_error(j_common_ptr codec) {
  char message[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, message);
  throw RunError(std::string("the review page's pictures cannot be packed: ") + message);
}

std::string encode_jpeg(std::vector<std::uint8_t>& pixels, std::int64_t width, std::int64_t height,
                        int channels, int quality) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  codec.err = jpeg_std_error(&errors);
  errors.error_exit = throw_jpeg_error;
  support::stop_point();
  jpeg_create_compress(&codec);
  const std::unique_ptr<jpeg_compress_struct, void (*)(j_compress_ptr)> owner(&codec, jpeg_destroy_compress);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &buffer, &size);
  codec.image_width = static_cast<JDIMENSION>(width);
  codec.image_height = static_cast<JDIMENSION>(height);
  codec.input_components = channels;
  codec.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, quality, TRUE);
  codec.optimize_coding = TRUE;
  // Colour at full resolution: at half, a block of colour would spread over two neighbouring images.
  codec.comp_info[0].h_samp_factor = codec.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress(&codec, TRUE);
  while (codec.next_scanline < codec.image_height) {
    JSAMPROW row = pixels.data() + static_cast<std::size_t>(codec.next_scanline * width * channels);
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(buffer, std::free);
  return {reinterpret_cast<const char*>(bytes.get()), size};
}

// The mean over the part of the image that pixel (x, y) of the smaller one covers.
std::uint8_t mean_pixel(const Images& images, std::int64_t image, const Sheets& sheets, std::int64_t x,
                        std::int64_t y, std::int64_t channel) {
  const auto part = [](std::int64_t at, std::int64_t small, std::int64_t large) {
    const std::int64_t first = at * large / small;
    return std::pair{first, std::max(first + 1, (at + 1) * large / small)};
  };
  const auto [left, right] = part(x, sheets.width, images.width);
  const auto [top, bottom] = part(y, sheets.height, images.height);
  std::int64_t sum = 0;
  for (std::int64_t row = top; row < bottom; ++row) {
    for (std::int64_t column = left; column < right; ++column) {
      const std::int64_t at =
          ((image * images.height + row) * images.width + column) * images.channels + channel;
      sum += images.pixels[static_cast<std::size_t>(at)];
    }
  }
  const std::int64_t count = (right - left) * (bottom - top);
  return static_cast<std::uint8_t>((sum + count / 2) / count);
}

// Puts image `image` in its cell; the cell's rest repeats the image's edge, which costs JPEG least.
void draw_cell(const Images& images, std::int64_t image, const Sheets& sheets,
               std::vector<std::uint8_t>& sheet) {
  support::stop_point();
  const std::int64_t place = image % (sheets.columns * sheets.rows);
  const std::int64_t left = place % sheets.columns * sheets.cell_width;
  const std::int64_t top = place / sheets.columns * sheets.cell_height;
  for (std::int64_t y = 0; y < sheets.cell_height; ++y) {
    for (std::int64_t x = 0; x < sheets.cell_width; ++x) {
      const std::int64_t at = ((top + y) * sheets.columns * sheets.cell_width + left + x) * images.channels;
      for (std::int64_t c = 0; c < images.channels; ++c) {
        sheet[static_cast<std::size_t>(at + c)] = mean_pixel(
            images, image, sheets, std::min(x, sheets.width - 1), std::min(y, sheets.height - 1), c);
      }
    }
  }
}

}  // namespace

Sheets make_sheets(const Images& images, std::int64_t count) {
  const trace::Span span("sheets of images", "images", count);
  Sheets sheets;
  if (images.pixels.empty() || count == 0) return sheets;
  const std::int64_t side = std::max(images.width, images.height);
  const std::int64_t limit = std::min(side, max_side(count));
  sheets.width = std::max<std::int64_t>(1, images.width * limit / side);
  sheets.height = std::max<std::int64_t>(1, images.height * limit / side);
  sheets.cell_width = round_up(sheets.width);
  sheets.cell_height = round_up(sheets.height);
  const auto square = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  sheets.columns = std::min(square, kMaxSheetSide / sheets.cell_width);
  sheets.rows = std::min((count + sheets.columns - 1) / sheets.columns, kMaxSheetSide / sheets.cell_height);
  const std::int64_t per_sheet = sheets.columns * sheets.rows;
  const std::int64_t width = sheets.columns * sheets.cell_width;
  const std::int64_t height = sheets.rows * sheets.cell_height;
  std::size_t at = 0;  // in kQualities: what one sheet needed, the next ones get too
  for (std::int64_t first = 0; first < count; first += per_sheet) {
    std::vector<std::uint8_t> sheet(static_cast<std::size_t>(width * height * images.channels), 255);
    const std::int64_t last = std::min(count, first + per_sheet);
    for (std::int64_t i = first; i < last; ++i) draw_cell(images, i, sheets, sheet);
    const auto most = static_cast<std::size_t>(
        kMostBytes * static_cast<double>((last - first) * sheets.width * sheets.height));
    const auto encode = [&] {
      return encode_jpeg(sheet, width, height, static_cast<int>(images.channels), kQualities[at]);
    };
    std::string jpeg = encode();
    while (jpeg.size() > most && at + 1 < std::size(kQualities)) {
      ++at;
      jpeg = encode();
    }
    sheets.jpegs.push_back(std::move(jpeg));
  }
  return sheets;
}

Sprite make_sprite(const Images& images, std::int64_t count) {
  constexpr std::int64_t kMaxSpriteSide = 8192;  // TensorBoard's limit
  Sprite sprite;
  if (images.pixels.empty() || count == 0) return sprite;
  const auto square = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const std::int64_t side = std::max(images.width, images.height);
  const std::int64_t limit =
      std::clamp<std::int64_t>(kMaxSpriteSide / square, 1, std::min(side, max_side(count)));
  Sheets grid;
  grid.width = grid.cell_width = std::max<std::int64_t>(1, images.width * limit / side);
  grid.height = grid.cell_height = std::max<std::int64_t>(1, images.height * limit / side);
  // TensorBoard looks for image i in column i % columns and in row i / rows.
  grid.columns = grid.rows = square;
  sprite = {.width = grid.columns * grid.cell_width,
            .height = grid.rows * grid.cell_height,
            .cell_width = grid.cell_width,
            .cell_height = grid.cell_height,
            .pixels = {}};
  sprite.pixels.resize(static_cast<std::size_t>(sprite.width * sprite.height * images.channels), 255);
  for (std::int64_t i = 0; i < count; ++i) draw_cell(images, i, grid, sprite.pixels);
  return sprite;
}

}  // namespace zoetrope::review
