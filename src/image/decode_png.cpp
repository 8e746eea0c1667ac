// SPDX-License-Identifier: Apache-2.0
// libpng, like libjpeg, jumps out of errors: see decode_jpeg.cpp.
#include <algorithm>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <png.h>

#include "decoders.hpp"
#include "pil_pixels.hpp"

namespace zoetrope::image {
namespace {

// Enough for rows of the million pixels that libpng allows.
constexpr std::size_t kMostRowMemory = std::size_t{64} << 20;

class PngDecoder {
 public:
  explicit PngDecoder(Bytes bytes) : most_memory_(bytes.size() + kMostRowMemory), left_(bytes) {
    png_ =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, this, on_error, on_warning, this, allocate, nullptr);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (png_ == nullptr || info_ == nullptr) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      throw DecodeError{"libpng cannot start"};
    }
    png_set_read_fn(png_, this, on_read);
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  png_structp png() { return png_; }
  png_infop info() { return info_; }
  const std::string& reason() const { return reason_; }

  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_info(png_, info_);
    return true;
  }

  // Bytes per row after the transformations that bring every kind of pixel down to 8 bits; palette indices
  // and 16-bit greys stay as they are.
  bool choose_output(std::size_t& row_bytes) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    const int colour_type = png_get_color_type(png_, info_);
    if (colour_type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png_);
    if (colour_type == PNG_COLOR_TYPE_PALETTE) png_set_packing(png_);
    if (colour_type != PNG_COLOR_TYPE_GRAY) png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    row_bytes = png_get_rowbytes(png_, info_);
    return true;
  }

  bool read_pixels(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    return true;
  }

  // What follows the pixels: metadata only, so damage there is no matter.
  void read_rest() {
    if (setjmp(png_jmpbuf(png_)) != 0) return;
    png_read_end(png_, info_);
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    static_cast<PngDecoder*>(png_get_error_ptr(png))->keep_reason(message);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}

  // libpng sets aside what a chunk says its length is, up to 2 GB, before it reads it.
  static png_voidp allocate(png_structp png, png_alloc_size_t bytes) {
    const auto* self = static_cast<const PngDecoder*>(png_get_mem_ptr(png));
    return bytes > self->most_memory_ ? nullptr : std::malloc(bytes);
  }

  static void on_read(png_structp png, png_bytep out, std::size_t count) {
    auto* self = static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (count > self->left_.size()) png_error(png, "the file ends too early");
    std::memcpy(out, self->left_.data(), count);
    self->left_ = self->left_.subspan(count);
  }

  void keep_reason(png_const_charp message) { reason_ = message; }

  std::size_t most_memory_;  // at once
  Bytes left_;
  std::string reason_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

Image narrow_grey(const std::vector<std::uint8_t>& wide, std::int64_t height, std::int64_t width) {
  Image image = blank_image(height, width, 1);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = saturate(wide[2 * i] << 8 | wide[2 * i + 1]);
  return image;
}

Palette palette_of(PngDecoder& decoder) {
  Palette colours{};
  png_colorp palette = nullptr;
  int entries = 0;
  png_get_PLTE(decoder.png(), decoder.info(), &palette, &entries);
  for (int i = 0; i < std::min(entries, 256); ++i)
    colours[static_cast<std::size_t>(i)] = {palette[i].red, palette[i].green, palette[i].blue};
  return colours;
}

// ImageMagick's way of keeping EXIF: "\nexif\n    1234\n" and hexadecimal digits in lines.
std::vector<std::uint8_t> parse_raw_profile(std::string_view text) {
  std::size_t start = 0;
  for (int line = 0; line < 3; ++line) {
    start = text.find('\n', start);
    if (start == std::string_view::npos) return {};
    ++start;
  }
  std::vector<std::uint8_t> bytes;
  int half = -1;
  for (const char c : text.substr(start)) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) continue;
    if (half >= 0) bytes.push_back(static_cast<std::uint8_t>(half * 16 + static_cast<int>(digit)));
    half = half >= 0 ? -1 : static_cast<int>(digit);
  }
  return bytes;
}

void collect_metadata(PngDecoder& decoder, Decoded& decoded) {
  png_bytep exif = nullptr;
  png_uint_32 exif_bytes = 0;
  if (png_get_eXIf_1(decoder.png(), decoder.info(), &exif_bytes, &exif) != 0)
    decoded.exif.assign(exif, exif + exif_bytes);
  png_textp texts = nullptr;
  int num_texts = 0;
  png_get_text(decoder.png(), decoder.info(), &texts, &num_texts);
  for (int i = 0; i < num_texts; ++i) {
    const std::string_view key = texts[i].key;
    const std::size_t length =
        texts[i].compression >= PNG_ITXT_COMPRESSION_NONE ? texts[i].itxt_length : texts[i].text_length;
    if (texts[i].text == nullptr) continue;
    if (key == "XML:com.adobe.xmp") decoded.xmp.assign(texts[i].text, length);
    if (key == "Raw profile type exif" && decoded.exif.empty())
      decoded.exif = parse_raw_profile({texts[i].text, length});
  }
}

// DEFLATE makes no byte of more than 1032.
std::int64_t most_pixels_per_byte(PngDecoder& decoder) {
  const int bits =
      png_get_bit_depth(decoder.png(), decoder.info()) * png_get_channels(decoder.png(), decoder.info());
  return std::int64_t{1032} * 8 / bits;
}

}  // namespace

Decoded decode_png(Bytes bytes) {
  PngDecoder decoder(bytes);
  if (!decoder.read_header()) throw DecodeError{decoder.reason()};
  const std::int64_t height = png_get_image_height(decoder.png(), decoder.info());
  const std::int64_t width = png_get_image_width(decoder.png(), decoder.info());
  require_plausible(height, width, most_pixels_per_byte(decoder), bytes);
  const int colour_type = png_get_color_type(decoder.png(), decoder.info());
  const bool wide_grey =
      colour_type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(decoder.png(), decoder.info()) == 16;
  const bool in_colour = colour_type == PNG_COLOR_TYPE_RGB || colour_type == PNG_COLOR_TYPE_RGB_ALPHA;

  Decoded decoded;
  decoded.image = blank_image(height, width, wide_grey ? 2 : in_colour ? 3 : 1);
  std::size_t row_bytes = 0;
  if (!decoder.choose_output(row_bytes)) throw DecodeError{decoder.reason()};
  std::vector<std::uint8_t>& pixels = decoded.image.pixels;
  if (row_bytes * static_cast<std::size_t>(height) != pixels.size())
    throw DecodeError{"its header contradicts itself"};
  std::vector<png_bytep> rows;
  for (std::size_t at = 0; at < pixels.size(); at += row_bytes) rows.push_back(pixels.data() + at);
  if (!decoder.read_pixels(rows.data())) throw DecodeError{decoder.reason()};
  decoder.read_rest();

  collect_metadata(decoder, decoded);
  if (wide_grey) decoded.image = narrow_grey(pixels, height, width);
  if (colour_type == PNG_COLOR_TYPE_PALETTE)
    decoded.image = look_up(palette_of(decoder), pixels, decoded.image.height, decoded.image.width);
  return decoded;
}

}  // namespace zoetrope::image
