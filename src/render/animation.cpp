// SPDX-License-Identifier: Apache-2.0
#include "animation.hpp"

#include <array>
#include <cmath>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "ffmpeg.hpp"

namespace zoetrope::render {
namespace {

struct Format {
  const char* name;
  void (*encode)(const std::string& path, const Film& film);
  double most_fps;
};
constexpr std::array<Format, 1> kFormats = {{{"gif", encode_gif, 50}}};

const Format& format_named(const std::string& name) {
  for (const Format& format : kFormats) {
    if (name == format.name) return format;
  }
  throw UsageError("--format " + name + " is not known: give gif, mp4, webp, or several separated by commas");
}

}  // namespace

double Film::time_s(std::size_t i) const {
  if (i < count) return static_cast<double>(i) / fps;
  return static_cast<double>(count - 1) / fps + std::max(hold_last_s, 1 / fps);
}

void write_animation(const std::filesystem::path& path, const AnimationOptions& options, std::size_t count,
                     const std::function<Picture(std::size_t)>& frame) {
  const Format& format = format_named(options.format);
  if (count == 0) throw RunError(path.string() + ": there are no frames to animate");
  av_log_set_level(AV_LOG_ERROR);
  support::AtomicPath atomic(path);
  format.encode(atomic.temporary().string(), {count, frame, options.fps, options.hold_last_s});
  atomic.commit();
}

}  // namespace zoetrope::render
