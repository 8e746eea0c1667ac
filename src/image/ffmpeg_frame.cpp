// SPDX-License-Identifier: Apache-2.0
#include "ffmpeg_frame.hpp"

#include <algorithm>
#include <limits>
#include <new>

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "pil_pixels.hpp"

namespace zoetrope::image {
namespace {

void demand(int code, const char* reason) {
  if (code == AVERROR(ENOMEM)) throw std::bad_alloc();
  if (code < 0) throw DecodeError{reason};
}

}  // namespace

AvOwner<AVFrame> decode_frame(AVCodecID codec_id, Bytes bytes, std::size_t padding, const char* reason) {
  if (bytes.size() > std::size_t{std::numeric_limits<int>::max()} - padding - AV_INPUT_BUFFER_PADDING_SIZE)
    throw DecodeError{"it is larger than 2 GiB"};
  const AvOwner<AVCodecContext> codec(avcodec_alloc_context3(avcodec_find_decoder(codec_id)));
  const AvOwner<AVPacket> packet(av_packet_alloc());
  AvOwner<AVFrame> frame(av_frame_alloc());
  if (!codec || !packet || !frame) throw std::bad_alloc();
  codec->log_level_offset = 2 * AV_LOG_TRACE;  // says nothing on stderr
  codec->thread_count = 1;
  demand(avcodec_open2(codec.get(), nullptr, nullptr), reason);
  demand(av_new_packet(packet.get(), static_cast<int>(bytes.size() + padding)), reason);
  std::fill_n(std::ranges::copy(bytes, packet->data).out, padding, std::uint8_t{0});
  demand(avcodec_send_packet(codec.get(), packet.get()), reason);
  demand(avcodec_receive_frame(codec.get(), frame.get()), reason);
  return frame;
}

Image first_bytes(const AVFrame& frame, std::ptrdiff_t pixel_bytes) {
  Image image = blank_image(frame.height, frame.width, 1);
  std::uint8_t* out = image.pixels.data();
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* row = frame.data[0] + std::ptrdiff_t{y} * frame.linesize[0];
    for (int x = 0; x < frame.width; ++x) *out++ = row[pixel_bytes * x];
  }
  return image;
}

Image look_up_palette(const AVFrame& frame) {
  const auto* entries = reinterpret_cast<const std::uint32_t*>(frame.data[1]);
  Palette palette{};
  for (std::size_t i = 0; i < palette.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c) palette[i][c] = static_cast<std::uint8_t>(entries[i] >> (16 - 8 * c));
  return look_up(palette, first_bytes(frame, 1).pixels, frame.height, frame.width);
}

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

}  // namespace zoetrope::image
