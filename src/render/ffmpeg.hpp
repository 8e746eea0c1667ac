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
#include <utility>
#include <vector>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/new_file.hpp"

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

// A copy of the picture in AV_PIX_FMT_RGB32, opaque, in memory of libav's own: its filters read some bytes
// beyond the last pixel.
FramePtr to_av_frame(const Picture& picture, std::int64_t pts);

// What all frames of a stream have.
struct FrameFormat {
  int width, height;
  AVPixelFormat pixels;
};

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
  FrameFormat output() const;

 private:
  std::unique_ptr<AVFilterGraph, AvDeleter> graph_;
  std::vector<AVFilterContext*> sources_;  // the graph owns them
  AVFilterContext* sink_ = nullptr;
};

// FFmpeg's options by name, as its command line takes them.
using AvOptions = std::vector<std::pair<std::string, std::string>>;

struct VideoSettings {
  std::string container;  // FFmpeg's name of the format
  std::string codec;      // of the encoder
  AVRational time_base;
  std::int64_t frame_duration = 0;  // in time_base; 0: the container finds it from the next frame
  AvOptions codec_options;
  AvOptions container_options;
};

// A file of one video stream.
class VideoFile {
 public:
  VideoFile(std::string path, const VideoSettings& settings, const FrameFormat& format);
  ~VideoFile();
  VideoFile(const VideoFile&) = delete;
  VideoFile& operator=(const VideoFile&) = delete;

  void write(const AVFrame& frame) { encode(&frame); }
  // After the last frame.
  void finish();

 private:
  void open_codec(const VideoSettings& settings, const FrameFormat& format);
  void encode(const AVFrame* frame);

  std::string path_;
  support::NewFile file_;
  std::int64_t frame_duration_;
  AVFormatContext* container_ = nullptr;
  AVStream* stream_ = nullptr;
  CodecPtr codec_;
  PacketPtr packet_;
};

}  // namespace zoetrope::render
