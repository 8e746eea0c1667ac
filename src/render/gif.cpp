// SPDX-License-Identifier: Apache-2.0
// GIF with one palette for all frames, so that nothing flickers, and without dithering, whose noise would
// crawl and would not compress.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/pool.hpp"
#include "zoetrope/support/trace.hpp"

#include "animation.hpp"
#include "ffmpeg.hpp"

namespace zoetrope::render {
namespace {

constexpr AVRational kCentisecond = {1, 100};  // what GIF counts in
// The palette comes from this many frames, each thinned out to about this many pixels: more changes nothing
// that is seen.
constexpr std::size_t kPaletteFrames = 6;
constexpr double kPalettePixels = 500'000;
constexpr std::size_t kPaletteSize = 256;
constexpr std::size_t kMostExact = 64;

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

// palettegen fills its palette from the start and keeps the last place for what is transparent: before that
// one `exact` has places that nothing else has taken.
void put_exact(std::span<const std::uint32_t> exact, AVFrame& palette) {
  checked(av_frame_make_writable(&palette), "the palette");
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const std::size_t place = kPaletteSize - 1 - exact.size() + i;
    const auto width = static_cast<std::size_t>(palette.width);
    std::uint8_t* const row =
        palette.data[0] + static_cast<std::ptrdiff_t>(place / width) * palette.linesize[0];
    const std::uint32_t pixel = 0xff000000 | exact[i];
    std::memcpy(row + place % width * sizeof pixel, &pixel, sizeof pixel);
  }
}

// Few pixels have a class's colour, and many those of thumbnails: by their number alone two classes could
// come to one colour.
FramePtr make_palette(const Film& film) {
  const trace::Span span("choosing the palette");
  const std::size_t samples = std::min(film.count, kPaletteFrames);
  ReadAhead<Picture> reader(samples, film.threads, [&](std::size_t k) {
    // From the first frame to the last.
    return thin_out(film.frame(samples == 1 ? 0 : k * (film.count - 1) / (samples - 1)));
  });
  const auto exact = std::span(film.exact_colours).first(std::min(film.exact_colours.size(), kMostExact));
  const std::string filters =
      fmt::format("[in0]palettegen=stats_mode=full:max_colors={}[out]", kPaletteSize - exact.size());
  std::unique_ptr<FilterGraph> graph;
  for (std::size_t k = 0; k < samples; ++k) {
    Picture picture = reader.next();
    if (!graph) {
      graph = std::make_unique<FilterGraph>(
          filters, std::vector<FilterGraph::Input>{{picture.width, picture.height, kCentisecond}});
    }
    graph->push(0, to_av_frame(picture, static_cast<std::int64_t>(k)));
  }
  graph->push(0, nullptr);
  FramePtr palette = graph->pull();
  if (!palette) throw RunError("FFmpeg's palettegen made no palette");
  palette->pts = 0;
  put_exact(exact, *palette);
  return palette;
}

// Turns pictures into palette indices, from any thread. Without dithering a frame's indices depend on nothing
// but that frame, so that each thread may have filters of its own.
class PaletteMapper {
 public:
  explicit PaletteMapper(FramePtr palette) : palette_(std::move(palette)) {}

  FramePtr map(const Picture& picture, std::int64_t pts) {
    const trace::Span span("reducing to the palette");
    const int width = picture.width;
    const int height = picture.height;
    return idle_.with([&] { return make(width, height); },
                      [&](FilterGraph& graph) {
                        graph.push(0, to_av_frame(picture, pts));
                        FramePtr frame = graph.pull();
                        if (!frame) throw RunError("FFmpeg's paletteuse kept a frame back");
                        return frame;
                      });
  }

 private:
  std::unique_ptr<FilterGraph> make(int width, int height) const {
    auto graph = std::make_unique<FilterGraph>(
        "[in0][in1]paletteuse=dither=none[out]",
        std::vector<FilterGraph::Input>{{width, height, kCentisecond},
                                        {palette_->width, palette_->height, kCentisecond}});
    graph->push(1, FramePtr(av_frame_clone(palette_.get())));
    graph->push(1, nullptr);
    return graph;
  }

  FramePtr palette_;
  support::Pool<FilterGraph> idle_;
};

}  // namespace

void encode_gif(const std::string& path, const Film& film) {
  const auto pts = [&](std::size_t i) { return std::llround(film.time_s(i) * 100); };
  PaletteMapper mapper(make_palette(film));
  FrameSize size;
  ReadAhead<FramePtr> reader(film.count, film.threads, [&](std::size_t i) {
    Picture picture = film.frame(i);
    size.check(i, picture);
    return mapper.map(picture, pts(i));
  });
  FramePtr frame = reader.next();
  const VideoSettings settings{
      .container = "gif",
      .codec = "gif",
      .time_base = kCentisecond,
      .frame_duration = 0,
      .codec_options = {},
      .container_options = {{"final_delay", std::to_string(pts(film.count) - pts(film.count - 1))}}};
  // It keeps of each frame what has changed, so that it takes them one after the other.
  Encoder encoder(path, settings, {frame->width, frame->height, static_cast<AVPixelFormat>(frame->format)});
  VideoFile file(path, settings, *encoder.parameters());
  std::vector<PacketPtr> packets;
  for (std::size_t i = 0; i < film.count; ++i) {
    if (i > 0) frame = reader.next();
    encoder.encode(*frame, packets);
    file.write(packets);
    packets.clear();
  }
  encoder.finish(packets);
  file.write(packets);
  file.finish();
}

}  // namespace zoetrope::render
