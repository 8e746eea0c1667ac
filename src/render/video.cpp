// SPDX-License-Identifier: Apache-2.0
// MP4 for players and web pages, and animated WebP.
#include <algorithm>
#include <cmath>

#include "zoetrope/support/error.hpp"

#include "animation.hpp"
#include "ffmpeg.hpp"

namespace zoetrope::render {
namespace {

constexpr AVRational kMillisecond = {1, 1000};
// Frame rates as FFmpeg counts them: 29.97 becomes 2997/100.
constexpr int kMostDenominator = 1001;

// 4:2:0 halves the chroma: the last row or column is repeated where the size is odd.
Picture even_sized(Picture picture) {
  const int width = picture.width + picture.width % 2;
  const int height = picture.height + picture.height % 2;
  if (width == picture.width && height == picture.height) return picture;
  Picture even{width, height, {}};
  even.pixels.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y) {
    const auto row =
        picture.pixels.begin() + static_cast<std::ptrdiff_t>(std::min(y, picture.height - 1)) * picture.width;
    even.pixels.insert(even.pixels.end(), row, row + picture.width);
    if (width > picture.width) even.pixels.push_back(row[picture.width - 1]);
  }
  return even;
}

// Sends the frames, and the last one again as often as `pts` says.
void encode(const std::string& path, const Film& film, const std::string& filters,
            const VideoSettings& settings, const std::vector<std::int64_t>& pts) {
  FrameReader reader(film);
  Picture picture = even_sized(reader.next());
  FilterGraph graph(filters, {{picture.width, picture.height, settings.time_base}});
  VideoFile file(path, settings, graph.output());
  for (std::size_t i = 0; i < film.count; ++i) {
    if (i > 0) picture = even_sized(reader.next());
    graph.push(0, to_av_frame(picture, pts[i]));
    const FramePtr frame = graph.pull();
    if (!frame) throw RunError(path + ": FFmpeg's filters kept a frame back");
    file.write(*frame);
    for (std::size_t again = film.count; i + 1 == film.count && again < pts.size(); ++again) {
      frame->pts = pts[again];
      file.write(*frame);
    }
  }
  file.finish();
}

}  // namespace

void encode_mp4(const std::string& path, const Film& film) {
  // Every frame lasts one tick, the held one many: players differ in what they make of a long last frame.
  const auto held = static_cast<std::size_t>(std::max(1.0, std::round(film.hold_last_s * film.fps)));
  std::vector<std::int64_t> pts(film.count + held - 1);
  for (std::size_t i = 0; i < pts.size(); ++i) pts[i] = static_cast<std::int64_t>(i);
  encode(path, film,
         "[in0]scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_inp,format="
         "yuv420p[out]",
         {.container = "mp4",
          .codec = "libx264",
          .time_base = av_inv_q(av_d2q(film.fps, kMostDenominator)),
          .frame_duration = 1,
          .codec_options = {{"preset", "medium"},
                            {"crf", "20"},
                            {"profile", "high"},
                            {"color_range", "tv"},
                            {"colorspace", "bt709"},
                            {"color_primaries", "bt709"},
                            {"color_trc", "bt709"}},
          .container_options = {{"movflags", "+faststart"}}},
         pts);
}

void encode_webp(const std::string& path, const Film& film) {
  // The encoder takes a frame's duration from the next one, so the last frame comes again; that one it gives
  // the mean duration, so it comes that much before the end.
  std::vector<std::int64_t> pts;
  for (std::size_t i = 0; i < film.count; ++i) pts.push_back(std::llround(film.time_s(i) * 1000));
  const auto count = static_cast<double>(film.count);
  pts.push_back(std::llround(film.time_s(film.count) * 1000 * count / (count + 1)));
  encode(path, film, "[in0]null[out]",
         {.container = "webp",
          .codec = "libwebp_anim",
          .time_base = kMillisecond,
          .frame_duration = 0,
          .codec_options = {{"quality", "80"}, {"compression_level", "2"}, {"preset", "drawing"}},
          .container_options = {{"loop", "0"}}},
         pts);
}

}  // namespace zoetrope::render
