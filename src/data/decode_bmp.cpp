// SPDX-License-Identifier: Apache-2.0
// Windows bitmaps, decoded by FFmpeg as Pillow's BmpImagePlugin reads them. What the two read differently is
// refused before, and so is what sets more memory aside than its pixels take. Alpha is dropped. (stb_image
// rounds colours of 16 bits otherwise, and leaves those beyond a short palette to chance.)
#include <algorithm>
#include <limits>
#include <memory>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
}

#include "decode.hpp"

namespace zoetrope::data {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;
constexpr std::size_t kMostPadding = 3;  // of a row, which the last may lack

std::uint32_t little_endian(Bytes bytes, std::size_t at, std::size_t count) {
  if (bytes.size() < at + count) throw DecodeError{"it ends within the header"};
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::uint32_t{bytes[at + i]} << (8 * i);
  return value;
}

// Throws where FFmpeg would guess: at a palette or rows that are not all there.
void check(Bytes bytes) {
  const std::uint32_t pixels_at = little_endian(bytes, 10, 4);
  const std::uint32_t header_bytes = little_endian(bytes, kFileHeaderBytes, 4);
  const bool core = header_bytes == 12;
  const std::int64_t width = little_endian(bytes, 18, core ? 2 : 4);
  const std::uint32_t signed_height = little_endian(bytes, core ? 20 : 22, core ? 2 : 4);
  const bool top_down = signed_height >> 31 != 0;
  const std::int64_t height = top_down ? std::int64_t{1} + ~signed_height : std::int64_t{signed_height};
  const std::uint32_t bits = little_endian(bytes, core ? 24 : 28, 2);
  const std::uint32_t compression = core ? kUncompressed : little_endian(bytes, 30, 4);
  if (compression != kUncompressed && compression != kBitFields)
    throw DecodeError{"its compression is not supported; convert it to PNG"};
  if (bits < 1 || bits > 32)
    throw DecodeError{"pixels of " + std::to_string(bits) + " bits are not supported"};
  blank_image(height, width, 0);  // refuses impossible sizes
  if (bits <= 8) {
    const std::uint32_t given = core ? 0 : little_endian(bytes, 46, 4);
    const std::uint64_t entries = given == 0 ? std::uint64_t{1} << bits : given;
    if (pixels_at < kFileHeaderBytes + header_bytes + entries * (core ? 3 : 4))
      throw DecodeError{"its palette is not all there"};
  }
  const std::uint64_t row_bits = static_cast<std::uint64_t>(width) * bits;
  const std::uint64_t rows_before = static_cast<std::uint64_t>(height - 1) * ((row_bits + 31) / 32 * 4);
  if (pixels_at + rows_before + (row_bits + 7) / 8 > bytes.size())
    throw DecodeError{"it ends before its last pixel"};
}

struct AvDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
template <typename T>
using Owner = std::unique_ptr<T, AvDeleter>;

void demand(int code) {
  if (code == AVERROR(ENOMEM)) throw std::bad_alloc();
  if (code < 0) throw DecodeError{"FFmpeg cannot decode its header or bit fields"};
}

Owner<AVFrame> decode_frame(Bytes bytes) {
  const Owner<AVCodecContext> codec(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_BMP)));
  const Owner<AVPacket> packet(av_packet_alloc());
  Owner<AVFrame> frame(av_frame_alloc());
  if (!codec || !packet || !frame) throw std::bad_alloc();
  codec->log_level_offset = 2 * AV_LOG_TRACE;  // says nothing on stderr
  codec->thread_count = 1;
  demand(avcodec_open2(codec.get(), nullptr, nullptr));
  demand(av_new_packet(packet.get(), static_cast<int>(bytes.size() + kMostPadding)));
  std::fill_n(std::ranges::copy(bytes, packet->data).out, kMostPadding, std::uint8_t{0});
  demand(avcodec_send_packet(codec.get(), packet.get()));
  demand(avcodec_receive_frame(codec.get(), frame.get()));
  return frame;
}

Image look_up_palette(const AVFrame& frame) {
  const auto* palette = reinterpret_cast<const std::uint32_t*>(frame.data[1]);
  const bool grey = std::all_of(palette, palette + AVPALETTE_COUNT,
                                [](std::uint32_t rgb) { return (rgb & 0xffffff) == (rgb & 0xff) * 0x10101; });
  Image image = blank_image(frame.height, frame.width, grey ? 1 : 3);
  std::uint8_t* out = image.pixels.data();
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* row = frame.data[0] + std::ptrdiff_t{y} * frame.linesize[0];
    for (int x = 0; x < frame.width; ++x) {
      const std::uint32_t rgb = palette[row[x]];
      for (int shift = grey ? 0 : 16; shift >= 0; shift -= 8)
        *out++ = static_cast<std::uint8_t>(rgb >> shift);
    }
  }
  return image;
}

// Red, green and blue of 5, 6 or 8 bits each, wherever they lie in a pixel.
Image gather_colours(const AVFrame& frame) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  Image image = blank_image(frame.height, frame.width, 3);
  std::vector<std::uint16_t> row(static_cast<std::size_t>(frame.width));
  for (int y = 0; y < frame.height; ++y) {
    for (int c = 0; c < 3; ++c) {
      const int largest = (1 << format->comp[c].depth) - 1;
      av_read_image_line2(row.data(), const_cast<const std::uint8_t**>(frame.data), frame.linesize, format, 0,
                          y, c, frame.width, 0, sizeof(std::uint16_t));
      std::uint8_t* out = image.pixels.data() + std::size_t{3} * static_cast<std::size_t>(y) * row.size() +
                          static_cast<std::size_t>(c);
      for (std::size_t x = 0; x < row.size(); ++x)
        out[3 * x] = static_cast<std::uint8_t>(largest == 255 ? row[x] : row[x] * 255 / largest);
    }
  }
  return image;
}

}  // namespace

Decoded decode_bmp(Bytes bytes) {
  if (bytes.size() >
      std::size_t{std::numeric_limits<int>::max()} - kMostPadding - AV_INPUT_BUFFER_PADDING_SIZE)
    throw DecodeError{"it is larger than 2 GiB"};
  check(bytes);
  const Owner<AVFrame> frame = decode_frame(bytes);
  return {frame->format == AV_PIX_FMT_PAL8 ? look_up_palette(*frame) : gather_colours(*frame), {}, {}};
}

}  // namespace zoetrope::data
