// SPDX-License-Identifier: Apache-2.0
#include "ffmpeg.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::render {

int checked(int code, const std::string& what) {
  if (code >= 0) return code;
  std::array<char, AV_ERROR_MAX_STRING_SIZE> reason{};
  av_strerror(code, reason.data(), reason.size());
  throw RunError(what + ": " + reason.data());
}

FramePtr to_av_frame(const Picture& picture, std::int64_t pts) {
  FramePtr frame(av_frame_alloc());
  if (!frame) throw RunError("no memory for a frame of the animation");
  frame->format = AV_PIX_FMT_RGB32;
  frame->width = picture.width;
  frame->height = picture.height;
  frame->pts = pts;
  checked(av_frame_get_buffer(frame.get(), 0), "setting memory aside for a frame of the animation");
  for (int y = 0; y < picture.height; ++y) {
    const std::uint32_t* source = picture.pixels.data() + std::ptrdiff_t{y} * picture.width;
    auto* target = reinterpret_cast<std::uint32_t*>(frame->data[0] + std::ptrdiff_t{y} * frame->linesize[0]);
    std::transform(source, source + picture.width, target, [](std::uint32_t p) { return p | 0xff000000; });
  }
  return frame;
}

FilterGraph::FilterGraph(const std::string& filters, const std::vector<Input>& inputs)
    : graph_(avfilter_graph_alloc()) {
  graph_->nb_threads = 1;  // each thread of ours has filters of its own
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

FrameFormat FilterGraph::output() const {
  return {av_buffersink_get_w(sink_), av_buffersink_get_h(sink_),
          static_cast<AVPixelFormat>(av_buffersink_get_format(sink_))};
}

// Passes options to `set`, which takes a dictionary and leaves in it what it did not know.
template <typename Set>
void with_options(const AvOptions& options, const std::string& what, const Set& set) {
  AVDictionary* dictionary = nullptr;
  for (const auto& [name, value] : options) av_dict_set(&dictionary, name.c_str(), value.c_str(), 0);
  const int code = set(&dictionary);
  const AVDictionaryEntry* unknown = av_dict_get(dictionary, "", nullptr, AV_DICT_IGNORE_SUFFIX);
  const std::string unknown_name = unknown == nullptr ? "" : unknown->key;
  av_dict_free(&dictionary);
  checked(code, what);
  if (!unknown_name.empty()) throw RunError(what + ": this FFmpeg does not know the option " + unknown_name);
}

Encoder::Encoder(const std::string& path, const VideoSettings& settings, const FrameFormat& format)
    : path_(path) {
  const AVCodec* codec = avcodec_find_encoder_by_name(settings.codec.c_str());
  if (codec == nullptr) throw RunError(path_ + ": this FFmpeg has no encoder " + settings.codec);
  codec_.reset(avcodec_alloc_context3(codec));
  codec_->width = format.width;
  codec_->height = format.height;
  codec_->pix_fmt = format.pixels;
  codec_->time_base = settings.time_base;
  codec_->sample_aspect_ratio = {1, 1};
  codec_->thread_count = 1;
  const AVOutputFormat* container = av_guess_format(settings.container.c_str(), nullptr, nullptr);
  if (container != nullptr && (container->flags & AVFMT_GLOBALHEADER) != 0)
    codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  with_options(settings.codec_options, path_ + ": opening the encoder " + settings.codec,
               [&](AVDictionary** options) { return avcodec_open2(codec_.get(), codec, options); });
}

ParametersPtr Encoder::parameters() const {
  ParametersPtr parameters(avcodec_parameters_alloc());
  if (!parameters) throw RunError(path_ + ": no memory for the stream");
  checked(avcodec_parameters_from_context(parameters.get(), codec_.get()), path_);
  return parameters;
}

void Encoder::send(const AVFrame* frame, std::vector<PacketPtr>& packets) {
  const trace::Span span("encoding");
  checked(avcodec_send_frame(codec_.get(), frame), path_ + ": encoding a frame");
  while (true) {
    support::stop_point();
    PacketPtr packet(av_packet_alloc());
    if (!packet) throw RunError(path_ + ": no memory for a frame");
    const int code = avcodec_receive_packet(codec_.get(), packet.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
    checked(code, path_ + ": encoding a frame");
    packets.push_back(std::move(packet));
  }
}

VideoFile::VideoFile(std::string path, const VideoSettings& settings, const AVCodecParameters& parameters)
    : path_(std::move(path)),
      file_(path_),
      time_base_(settings.time_base),
      frame_duration_(settings.frame_duration) {
  checked(avformat_alloc_output_context2(&container_, nullptr, settings.container.c_str(), path_.c_str()),
          path_);
  try {
    stream_ = avformat_new_stream(container_, nullptr);
    if (stream_ == nullptr) throw RunError(path_ + ": no memory for the stream");
    checked(avcodec_parameters_copy(stream_->codecpar, &parameters), path_);
    stream_->time_base = time_base_;
    checked(avio_open(&container_->pb, ("file:" + file_.name()).c_str(), AVIO_FLAG_WRITE), path_);
    with_options(settings.container_options, path_,
                 [&](AVDictionary** options) { return avformat_write_header(container_, options); });
  } catch (...) {
    avio_closep(&container_->pb);
    avformat_free_context(container_);
    throw;
  }
}

VideoFile::~VideoFile() {
  avio_closep(&container_->pb);
  avformat_free_context(container_);
}

void VideoFile::write(const std::vector<PacketPtr>& packets) {
  for (const PacketPtr& packet : packets) {
    support::stop_point();
    packet->duration = frame_duration_;
    av_packet_rescale_ts(packet.get(), time_base_, stream_->time_base);
    packet->stream_index = stream_->index;
    checked(av_interleaved_write_frame(container_, packet.get()), path_ + ": writing a frame");
  }
}

void VideoFile::finish() {
  checked(av_write_trailer(container_), path_);
  checked(avio_closep(&container_->pb), path_);
}

}  // namespace zoetrope::render
