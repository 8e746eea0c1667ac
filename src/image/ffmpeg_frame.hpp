// SPDX-License-Identifier: Apache-2.0
// A picture of a simple format, decoded by FFmpeg. What FFmpeg would guess at, the format's own decoder has
// to refuse before.
#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
}

#include "decoders.hpp"

namespace zoetrope::image {

struct AvDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
template <typename T>
using AvOwner = std::unique_ptr<T, AvDeleter>;

// `padding` zero bytes follow the file. Throws DecodeError{reason} where FFmpeg cannot decode it.
AvOwner<AVFrame> decode_frame(AVCodecID codec, Bytes bytes, std::size_t padding, const char* reason);

// One channel: the first of each pixel's `pixel_bytes`.
Image first_bytes(const AVFrame& frame, std::ptrdiff_t pixel_bytes);

// Of a frame with a palette.
Image look_up_palette(const AVFrame& frame);

// Red, green and blue of 5, 6 or 8 bits each, wherever they lie in a pixel; alpha is dropped.
Image gather_colours(const AVFrame& frame);

}  // namespace zoetrope::image
