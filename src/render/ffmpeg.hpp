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
  void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFilterGraph* graph) const { avfilter_graph_free(&graph); }
  void operator()(AVFilterInOut* ends) const { avfilter_inout_free(&ends); }
};
using FramePtr = std::unique_ptr<AVFrame, AvDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, AvDeleter>;
using ParametersPtr = std::unique_ptr<AVCodecParameters, AvDeleter>;
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
  std::string container;            // FFmpeg's name of the format
  std::string codec;                // of the encoder
  AVRational time_base;             // of frames and packets
  std::int64_t frame_duration = 0;  // in time_base; 0: the container finds it from the next frame
  AvOptions codec_options;
  AvOptions container_options;
};

// Frames into packets, in the thread that calls: what comes out depends on nothing but the frames.
class Encoder {
 public:
  // Errors name `path`.
  Encoder(const std::string& path, const VideoSettings& settings, const FrameFormat& format);

  // Adds to `packets` what comes out, which may be earlier frames, or none yet.
  void encode(const AVFrame& frame, std::vector<PacketPtr>& packets) { send(&frame, packets); }
  // After the last frame.
  void finish(std::vector<PacketPtr>& packets) { send(nullptr, packets); }
  // What a container says of the stream.
  ParametersPtr parameters() const;

 private:
  void send(const AVFrame* frame, std::vector<PacketPtr>& packets);

  std::string path_;
  CodecPtr codec_;
};

// A file of one video stream.
class VideoFile {
 public:
  VideoFile(std::string path, const VideoSettings& settings, const AVCodecParameters& parameters);
  ~VideoFile();
  VideoFile(const VideoFile&) = delete;
  VideoFile& operator=(const VideoFile&) = delete;

  // Their times ascend, also from one call to the next.
  void write(const std::vector<PacketPtr>& packets);
  // After the last packet.
  void finish();

 private:
  std::string path_;
  support::NewFile file_;
  AVRational time_base_;
  std::int64_t frame_duration_;
  AVFormatContext* container_ = nullptr;
  AVStream* stream_ = nullptr;
};

}  // namespace zoetrope::render
