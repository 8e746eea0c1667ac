// SPDX-License-Identifier: Apache-2.0
#include "ffmpeg.hpp"

#include <array>

#include <fmt/format.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::render {

int checked(int code, const std::string& what) {
  if (code >= 0) return code;
  std::array<char, AV_ERROR_MAX_STRING_SIZE> reason{};
  av_strerror(code, reason.data(), reason.size());
  throw RunError(what + ": " + reason.data());
}

FramePtr to_av_frame(Picture picture, std::int64_t pts) {
  for (std::uint32_t& pixel : picture.pixels) pixel |= 0xff000000;
  auto pixels = std::make_unique<std::vector<std::uint32_t>>(std::move(picture.pixels));
  FramePtr frame(av_frame_alloc());
  if (!frame) throw RunError("no memory for a frame of the animation");
  frame->format = AV_PIX_FMT_RGB32;
  frame->width = picture.width;
  frame->height = picture.height;
  frame->pts = pts;
  frame->data[0] = reinterpret_cast<std::uint8_t*>(pixels->data());
  frame->linesize[0] = picture.width * 4;
  const auto release = [](void* owner, std::uint8_t*) {
    delete static_cast<std::vector<std::uint32_t>*>(owner);
  };
  frame->buf[0] = av_buffer_create(frame->data[0], pixels->size() * 4, release, pixels.get(), 0);
  if (frame->buf[0] == nullptr) throw RunError("no memory for a frame of the animation");
  pixels.release();  // now the buffer's
  return frame;
}

FilterGraph::FilterGraph(const std::string& filters, const std::vector<Input>& inputs)
    : graph_(avfilter_graph_alloc()) {
  std::unique_ptr<AVFilterInOut, AvDeleter> open_outputs;
  for (std::size_t k = inputs.size(); k-- > 0;) {
    const std::string name = fmt::format("in{}", k);
    const std::string arguments = fmt::format(
        "video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect=1/1", inputs[k].width, inputs[k].height,
        static_cast<int>(AV_PIX_FMT_RGB32), inputs[k].time_base.num, inputs[k].time_base.den);
    AVFilterContext* source = nullptr;
    checked(avfilter_graph_create_filter(&source, avfilter_get_by_name("buffer"), name.c_str(),
                                         arguments.c_str(), nullptr, graph_.get()),
            "setting up the animation's filters");
    sources_.insert(sources_.begin(), source);
    AVFilterInOut* end = avfilter_inout_alloc();
    *end = {
        .name = av_strdup(name.c_str()), .filter_ctx = source, .pad_idx = 0, .next = open_outputs.release()};
    open_outputs.reset(end);
  }
  checked(avfilter_graph_create_filter(&sink_, avfilter_get_by_name("buffersink"), "out", nullptr, nullptr,
                                       graph_.get()),
          "setting up the animation's filters");
  std::unique_ptr<AVFilterInOut, AvDeleter> open_inputs(avfilter_inout_alloc());
  *open_inputs = {.name = av_strdup("out"), .filter_ctx = sink_, .pad_idx = 0, .next = nullptr};

  AVFilterInOut* ins = open_inputs.release();
  AVFilterInOut* outs = open_outputs.release();
  const int parsed = avfilter_graph_parse_ptr(graph_.get(), filters.c_str(), &ins, &outs, nullptr);
  open_inputs.reset(ins);
  open_outputs.reset(outs);
  checked(parsed, "filters " + filters);
  checked(avfilter_graph_config(graph_.get(), nullptr), "filters " + filters);
}

void FilterGraph::push(std::size_t k, FramePtr frame) {
  checked(av_buffersrc_add_frame(sources_[k], frame.get()), "filtering the animation");
}

FramePtr FilterGraph::pull() {
  FramePtr frame(av_frame_alloc());
  const int code = av_buffersink_get_frame(sink_, frame.get());
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return nullptr;
  checked(code, "filtering the animation");
  return frame;
}

AVPixelFormat FilterGraph::pixel_format() const {
  return static_cast<AVPixelFormat>(av_buffersink_get_format(sink_));
}
int FilterGraph::width() const {
  return av_buffersink_get_w(sink_);
}
int FilterGraph::height() const {
  return av_buffersink_get_h(sink_);
}

Muxer::Muxer(std::string path, const std::string& container)
    : path_(std::move(path)), packet_(av_packet_alloc()) {
  checked(avformat_alloc_output_context2(&context_, nullptr, container.c_str(), path_.c_str()), path_);
  stream_ = avformat_new_stream(context_, nullptr);
  const int code = stream_ == nullptr ? AVERROR(ENOMEM)
                                      : avio_open(&context_->pb, ("file:" + path_).c_str(), AVIO_FLAG_WRITE);
  if (code < 0) {
    avformat_free_context(context_);
    checked(code, path_);
  }
}

Muxer::~Muxer() {
  avio_closep(&context_->pb);
  avformat_free_context(context_);
}

void Muxer::begin(const AVCodecContext& encoder, AVDictionary** options) {
  checked(avcodec_parameters_from_context(stream_->codecpar, &encoder), path_);
  stream_->time_base = encoder.time_base;
  stream_->avg_frame_rate = encoder.framerate;
  checked(avformat_write_header(context_, options), path_);
}

void Muxer::encode(AVCodecContext& encoder, const AVFrame* frame) {
  checked(avcodec_send_frame(&encoder, frame), path_ + ": encoding a frame");
  while (true) {
    const int code = avcodec_receive_packet(&encoder, packet_.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
    checked(code, path_ + ": encoding a frame");
    av_packet_rescale_ts(packet_.get(), encoder.time_base, stream_->time_base);
    packet_->stream_index = stream_->index;
    checked(av_interleaved_write_frame(context_, packet_.get()), path_ + ": writing a frame");
  }
}

void Muxer::finish() {
  checked(av_write_trailer(context_), path_);
  checked(avio_closep(&context_->pb), path_);
}

}  // namespace zoetrope::render
