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

}  // namespace

void encode_gif(const std::string& path, const Film& film) {
  const auto pts = [&](std::size_t i) { return std::llround(film.time_s(i) * 100); };
  FramePtr palette = make_palette(film);
  FrameReader reader(film);
  Picture first = reader.next();
  FilterGraph graph(
      "[in0][in1]paletteuse=dither=none:diff_mode=rectangle[out]",
      {{first.width, first.height, kCentisecond}, {palette->width, palette->height, kCentisecond}});
  graph.push(1, std::move(palette));
  graph.push(1, nullptr);

  VideoFile file(
      path,
      {.container = "gif",
       .codec = "gif",
       .time_base = kCentisecond,
       .frame_duration = 0,
       .codec_options = {},
       .container_options = {{"final_delay", std::to_string(pts(film.count) - pts(film.count - 1))}}},
      graph);
  for (std::size_t i = 0; i < film.count; ++i) {
    graph.push(0, to_av_frame(i == 0 ? std::move(first) : reader.next(), pts(i)));
    while (const FramePtr frame = graph.pull()) file.write(*frame);
  }
  graph.push(0, nullptr);
  while (const FramePtr frame = graph.pull()) file.write(*frame);
  file.finish();
}

}  // namespace zoetrope::render
