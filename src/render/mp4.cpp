// SPDX-License-Identifier: Apache-2.0
// MP4 for players and web pages. Threads encode pieces of the film side by side, each from its first frame on
// as a film of its own, so that the file's bytes do not depend on their number. libx264's own threads are
// faster by less, and their number is seen in the bytes.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "zoetrope/support/error.hpp"

#include "animation.hpp"
#include "ffmpeg.hpp"

namespace zoetrope::render {
namespace {

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

struct Piece {
  ParametersPtr parameters;
  std::vector<PacketPtr> packets;
};

// The frames of `range`, each a tick long; the film's last one `held` ticks.
Piece encode_piece(const std::string& path, const Film& film, const VideoSettings& settings,
                   support::Range range, FrameSize& size, std::int64_t held) {
  std::unique_ptr<FilterGraph> graph;
  std::unique_ptr<Encoder> encoder;
  Piece piece;
  const auto end = static_cast<std::size_t>(range.end);
  for (auto i = static_cast<std::size_t>(range.begin); i < end; ++i) {
    Picture picture = film.frame(i);
    size.check(i, picture);
    picture = even_sized(std::move(picture));
    if (!graph) {
      graph = std::make_unique<FilterGraph>(
          "[in0]scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_inp,format="
          "yuv420p[out]",
          std::vector<FilterGraph::Input>{{picture.width, picture.height, settings.time_base}});
      encoder = std::make_unique<Encoder>(path, settings, graph->output());
    }
    graph->push(0, to_av_frame(picture, static_cast<std::int64_t>(i)));
    const FramePtr frame = graph->pull();
    if (!frame) throw RunError(path + ": FFmpeg's filters kept a frame back");
    const std::int64_t ticks = i + 1 == film.count ? held : 1;
    for (std::int64_t tick = 0; tick < ticks; ++tick, ++frame->pts) encoder->encode(*frame, piece.packets);
  }
  encoder->finish(piece.packets);
  piece.parameters = encoder->parameters();
  return piece;
}

// Without libx264's macroblock tree: with AVX-512, libx264 164's reads memory that nobody has written, and
// the same film was not the same file. As many bytes give as good pictures without it.
VideoSettings mp4_settings(double fps) {
  return {.container = "mp4",
          .codec = "libx264",
          .time_base = av_inv_q(av_d2q(fps, kMostDenominator)),
          .frame_duration = 1,
          .codec_options = {{"preset", "faster"},
                            {"crf", "21"},
                            {"mbtree", "0"},
                            {"profile", "high"},
                            {"color_range", "tv"},
                            {"colorspace", "bt709"},
                            {"color_primaries", "bt709"},
                            {"color_trc", "bt709"}},
          .container_options = {{"movflags", "+faststart"}}};
}

}  // namespace

void encode_mp4(const std::string& path, const Film& film) {
  const VideoSettings settings = mp4_settings(film.fps);
  // Every frame lasts one tick, the held one many: players differ in what they make of a long last frame.
  const auto held = static_cast<std::int64_t>(std::max(1.0, std::round(film.hold_last_s * film.fps)));
  FrameSize size;
  PieceReader<Piece> reader(
      film, [&](support::Range range) { return encode_piece(path, film, settings, range, size, held); });
  Piece piece = reader.next();
  VideoFile file(path, settings, *piece.parameters);
  file.write(piece.packets);
  for (std::size_t k = 1; k < reader.count(); ++k) file.write(reader.next().packets);
  file.finish();
}

}  // namespace zoetrope::render
