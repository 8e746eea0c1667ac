// SPDX-License-Identifier: Apache-2.0
// GIF with one palette for all frames, so that nothing flickers, and without dithering, whose noise would
// crawl and would not compress.
#include <algorithm>
#include <cmath>

#include "zoetrope/support/error.hpp"

#include "animation.hpp"
#include "ffmpeg.hpp"

namespace zoetrope::render {
namespace {

constexpr AVRational kCentisecond = {1, 100};  // what GIF counts in
// The palette comes from this many frames, each thinned out to about this many pixels: more changes nothing
// that is seen.
constexpr std::size_t kPaletteFrames = 6;
constexpr double kPalettePixels = 500'000;

// Every n-th pixel of every n-th row: colours stay what they are, where scaling would mix new ones.
Picture thin_out(const Picture& picture) {
  const double pixels = static_cast<double>(picture.width) * picture.height;
  const int n = std::max(1, static_cast<int>(std::lround(std::sqrt(pixels / kPalettePixels))));
  Picture thin{(picture.width + n - 1) / n, (picture.height + n - 1) / n, {}};
  thin.pixels.reserve(static_cast<std::size_t>(thin.width) * static_cast<std::size_t>(thin.height));
  for (int y = 0; y < picture.height; y += n) {
    const std::uint32_t* row = picture.pixels.data() + static_cast<std::ptrdiff_t>(y) * picture.width;
    for (int x = 0; x < picture.width; x += n) thin.pixels.push_back(row[x]);
  }
  return thin;
}

FramePtr make_palette(const Film& film) {
  const std::size_t samples = std::min(film.count, kPaletteFrames);
  std::unique_ptr<FilterGraph> graph;
  for (std::size_t k = 0; k < samples; ++k) {
    // From the first frame to the last.
    const std::size_t i = samples == 1 ? 0 : k * (film.count - 1) / (samples - 1);
    Picture picture = thin_out(film.frame(i));
    if (!graph) {
      graph = std::make_unique<FilterGraph>(
          "[in0]palettegen=stats_mode=full[out]",
          std::vector<FilterGraph::Input>{{picture.width, picture.height, kCentisecond}});
    }
    graph->push(0, to_av_frame(std::move(picture), static_cast<std::int64_t>(k)));
  }
  graph->push(0, nullptr);
  FramePtr palette = graph->pull();
  if (!palette) throw RunError("FFmpeg's palettegen made no palette");
  palette->pts = 0;
  return palette;
}

CodecPtr open_encoder(const FilterGraph& graph) {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_GIF);
  if (codec == nullptr) throw RunError("this FFmpeg has no GIF encoder");
  CodecPtr encoder(avcodec_alloc_context3(codec));
  encoder->width = graph.width();
  encoder->height = graph.height();
  encoder->pix_fmt = graph.pixel_format();
  encoder->time_base = kCentisecond;
  checked(avcodec_open2(encoder.get(), codec, nullptr), "opening FFmpeg's GIF encoder");
  return encoder;
}

}  // namespace

void encode_gif(const std::string& path, const Film& film) {
  const auto pts = [&](std::size_t i) { return std::llround(film.time_s(i) * 100); };
  FramePtr palette = make_palette(film);
  Picture first = film.frame(0);
  FilterGraph graph(
      "[in0][in1]paletteuse=dither=none:diff_mode=rectangle[out]",
      {{first.width, first.height, kCentisecond}, {palette->width, palette->height, kCentisecond}});
  graph.push(1, std::move(palette));
  graph.push(1, nullptr);

  const CodecPtr encoder = open_encoder(graph);
  Muxer muxer(path, "gif");
  AVDictionary* options = nullptr;
  av_dict_set_int(&options, "final_delay", pts(film.count) - pts(film.count - 1), 0);
  muxer.begin(*encoder, &options);
  av_dict_free(&options);
  for (std::size_t i = 0; i < film.count; ++i) {
    graph.push(0, to_av_frame(i == 0 ? std::move(first) : film.frame(i), pts(i)));
    while (const FramePtr frame = graph.pull()) muxer.encode(*encoder, frame.get());
  }
  graph.push(0, nullptr);
  while (const FramePtr frame = graph.pull()) muxer.encode(*encoder, frame.get());
  muxer.encode(*encoder, nullptr);
  muxer.finish();
}

}  // namespace zoetrope::render
