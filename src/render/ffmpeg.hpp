// SPDX-License-Identifier: Apache-2.0
// FFmpeg's handles with owners, its errors as exceptions, and pictures as its frames.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

#include <memory>
#include <string>
#include <vector>

#include "zoetrope/render/frame.hpp"

namespace zoetrope::render {

struct AvDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFilterGraph* graph) const { avfilter_graph_free(&graph); }
  void operator()(AVFilterInOut* ends) const { avfilter_inout_free(&ends); }
};
using FramePtr = std::unique_ptr<AVFrame, AvDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, AvDeleter>;
using CodecPtr = std::unique_ptr<AVCodecContext, AvDeleter>;

// RunError "`what`: <FFmpeg's reason>" when `code` is negative; else `code`.
int checked(int code, const std::string& what);

// A frame in AV_PIX_FMT_RGB32, opaque, that takes over the picture's pixels.
FramePtr to_av_frame(Picture picture, std::int64_t pts);

// Filters in FFmpeg's notation. Input k is labelled [in<k>], the output [out].
class FilterGraph {
 public:
  struct Input {
    int width, height;
    AVRational time_base;
  };
  FilterGraph(const std::string& filters, const std::vector<Input>& inputs);

  // Hands `frame` over to input `k`; nullptr says that no more will come.
  void push(std::size_t k, FramePtr frame);
  // The next frame out; nullptr when the filters want more input or all is out.
  FramePtr pull();
  // What comes out.
  AVPixelFormat pixel_format() const;
  int width() const;
  int height() const;

 private:
  std::unique_ptr<AVFilterGraph, AvDeleter> graph_;
  std::vector<AVFilterContext*> sources_;  // the graph owns them
  AVFilterContext* sink_ = nullptr;
};

// A file of one video stream.
class Muxer {
 public:
  // `container`: FFmpeg's name of the format.
  Muxer(std::string path, const std::string& container);
  ~Muxer();
  Muxer(const Muxer&) = delete;
  Muxer& operator=(const Muxer&) = delete;

  bool wants_global_header() const { return (context_->oformat->flags & AVFMT_GLOBALHEADER) != 0; }
  // Before the first frame, once the encoder is open.
  void begin(const AVCodecContext& encoder, AVDictionary** options);
  // Encodes `frame`, nullptr for the end, and writes what comes out.
  void encode(AVCodecContext& encoder, const AVFrame* frame);
  void finish();

 private:
  std::string path_;
  AVFormatContext* context_ = nullptr;
  AVStream* stream_ = nullptr;
  PacketPtr packet_;
};

}  // namespace zoetrope::render
