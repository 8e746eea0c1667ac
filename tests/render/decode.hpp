// SPDX-License-Identifier: Apache-2.0
// Reads an animation back with FFmpeg's libraries.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

#include <stdexcept>
#include <string>
#include <vector>

#include "zoetrope/render/frame.hpp"

namespace zoetrope::render::testing_tools {

struct Decoded {
  std::vector<Picture> frames;
  std::vector<double> start_s;
  std::string codec;
  AVPixelFormat pixel_format = AV_PIX_FMT_NONE;
};

inline Picture to_picture(const AVFrame& frame) {
  Picture picture{frame.width, frame.height, {}};
  picture.pixels.resize(static_cast<std::size_t>(frame.width) * static_cast<std::size_t>(frame.height));
  SwsContext* scaler = sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format),
                                      frame.width, frame.height, AV_PIX_FMT_RGB32,
                                      SWS_BICUBIC | SWS_ACCURATE_RND, nullptr, nullptr, nullptr);
  if (frame.colorspace == AVCOL_SPC_BT709) {
    sws_setColorspaceDetails(scaler, sws_getCoefficients(SWS_CS_ITU709), 0,
                             sws_getCoefficients(SWS_CS_ITU709), 1, 0, 1 << 16, 1 << 16);
  }
  auto* out = reinterpret_cast<std::uint8_t*>(picture.pixels.data());
  const int stride = frame.width * 4;
  sws_scale(scaler, frame.data, frame.linesize, 0, frame.height, &out, &stride);
  sws_freeContext(scaler);
  for (std::uint32_t& pixel : picture.pixels) pixel |= 0xff000000;
  return picture;
}

inline Decoded decode(const std::string& path) {
  AVFormatContext* file = nullptr;
  if (avformat_open_input(&file, path.c_str(), nullptr, nullptr) < 0)
    throw std::runtime_error("cannot open " + path);
  avformat_find_stream_info(file, nullptr);
  const AVStream* stream = file->streams[0];
  const AVCodec* codec = avcodec_find_decoder(stream->codecpar->codec_id);
  AVCodecContext* decoder = avcodec_alloc_context3(codec);
  avcodec_parameters_to_context(decoder, stream->codecpar);
  avcodec_open2(decoder, codec, nullptr);

  Decoded decoded;
  decoded.codec = codec->name;
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  bool more = true;
  while (more) {
    more = av_read_frame(file, packet) >= 0;
    avcodec_send_packet(decoder, more ? packet : nullptr);
    av_packet_unref(packet);
    while (avcodec_receive_frame(decoder, frame) >= 0) {
      decoded.frames.push_back(to_picture(*frame));
      decoded.start_s.push_back(static_cast<double>(frame->best_effort_timestamp) *
                                av_q2d(stream->time_base));
      decoded.pixel_format = static_cast<AVPixelFormat>(frame->format);
    }
  }
  av_frame_free(&frame);
  av_packet_free(&packet);
  avcodec_free_context(&decoder);
  avformat_close_input(&file);
  return decoded;
}

// Mean absolute difference of a channel, 0 to 255.
inline double mean_error(const Picture& a, const Picture& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    for (const int shift : {0, 8, 16}) {
      sum += std::abs(static_cast<int>(a.pixels[i] >> shift & 255) -
                      static_cast<int>(b.pixels[i] >> shift & 255));
    }
  }
  return sum / (3 * static_cast<double>(a.pixels.size()));
}

}  // namespace zoetrope::render::testing_tools
