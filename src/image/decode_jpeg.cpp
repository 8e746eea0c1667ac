// SPDX-License-Identifier: Apache-2.0
// libjpeg reports errors by a call that must not return. Here it jumps back (setjmp) into small functions
// that hold nothing a jump would leak; what has to be freed belongs to JpegDecoder, whose destructor runs in
// any case.
#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

// libjpeg's headers need <cstdio> before them.
#include <jerror.h>
#include <jpeglib.h>

#include "decoders.hpp"
#include "pil_pixels.hpp"

namespace zoetrope::image {
namespace {

// A small progressive file can ask for thousands of passes over a large image.
constexpr int kMaxScans = 200;
constexpr std::int64_t kMaxScannedPixels = std::int64_t{1} << 32;
// A block of 64 takes a bit or more.
constexpr std::int64_t kMostPixelsPerJpegByte = 1024;
constexpr int kApp1 = JPEG_APP0 + 1;

struct ErrorManager {
  jpeg_error_mgr base{};
  std::jmp_buf jump{};
  char message[JMSG_LENGTH_MAX] = "";
};

[[noreturn]] void fail(j_common_ptr info) {
  auto* errors = reinterpret_cast<ErrorManager*>(info->err);
  errors->base.format_message(info, errors->message);
  std::longjmp(errors->jump, 1);
}

// Warnings pass, as in PIL, but for the file's early end.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) fail(info);
}

void on_progress(j_common_ptr info) {
  const auto* image = reinterpret_cast<j_decompress_ptr>(info);
  const std::int64_t pixels =
      std::max<std::int64_t>(1, std::int64_t{image->image_width} * image->image_height);
  const auto most = static_cast<int>(std::min<std::int64_t>(kMaxScans, kMaxScannedPixels / pixels));
  if (image->input_scan_number <= most) return;
  auto* errors = reinterpret_cast<ErrorManager*>(info->err);
  std::snprintf(errors->message, sizeof errors->message, "it has more than %d scans", most);
  std::longjmp(errors->jump, 1);
}

class JpegDecoder {
 public:
  JpegDecoder() {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = fail;
    errors_.base.emit_message = on_message;
    progress_.progress_monitor = on_progress;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  const jpeg_decompress_struct& info() const { return info_; }
  std::string reason() const { return errors_.message; }

  bool read_header(Bytes bytes) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, bytes.data(), bytes.size());
    jpeg_save_markers(&info_, kApp1, 0xffff);
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  // `pixels` holds image_height rows of image_width pixels in `colours`.
  bool read_pixels(J_COLOR_SPACE colours, std::uint8_t* pixels) {
    if (setjmp(errors_.jump) != 0) return false;
    info_.out_color_space = colours;
    jpeg_start_decompress(&info_);
    const std::size_t row_bytes =
        std::size_t{info_.output_width} * static_cast<std::size_t>(info_.output_components);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = pixels + info_.output_scanline * row_bytes;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    return true;
  }

 private:
  jpeg_decompress_struct info_{};
  ErrorManager errors_;
  jpeg_progress_mgr progress_{};
};

void collect_metadata(const jpeg_decompress_struct& info, Decoded& decoded) {
  constexpr std::string_view kExif{"Exif\0\0", 6};
  constexpr std::string_view kXmp{"http://ns.adobe.com/xap/1.0/\0", 29};
  for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr; marker = marker->next) {
    std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (data.starts_with(kExif)) {  // a long one comes in several segments
      data.remove_prefix(kExif.size());
      decoded.exif.insert(decoded.exif.end(), data.begin(), data.end());
    } else if (data.starts_with(kXmp)) {
      decoded.xmp = data.substr(kXmp.size());
    }
  }
}

}  // namespace

Decoded decode_jpeg(Bytes bytes) {
  JpegDecoder decoder;
  if (!decoder.read_header(bytes)) throw DecodeError{decoder.reason()};
  const jpeg_decompress_struct& info = decoder.info();
  const int channels = info.num_components;
  if (channels != 1 && channels != 3 && channels != 4)
    throw DecodeError{"it has " + std::to_string(channels) + " colour channels"};
  require_plausible(info.image_height, info.image_width, kMostPixelsPerJpegByte, bytes);
  Decoded decoded;
  collect_metadata(info, decoded);
  decoded.image = blank_image(info.image_height, info.image_width, channels);
  const J_COLOR_SPACE colours = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  if (!decoder.read_pixels(colours, decoded.image.pixels.data())) throw DecodeError{decoder.reason()};
  if (channels == 4) decoded.image = cmyk_to_rgb(decoded.image, 255);
  return decoded;
}

}  // namespace zoetrope::image
