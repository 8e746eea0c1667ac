// SPDX-License-Identifier: Apache-2.0
#include "animation.hpp"

#include <array>
#include <cmath>
#include <cstdarg>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/log.hpp"

#include "ffmpeg.hpp"

namespace zoetrope::render {
namespace {

struct Format {
  const char* name;
  void (*encode)(const std::string& path, const Film& film);
  // Browsers show a GIF's frames of less than 2/100 s, and a WebP's of 1/100 s or less, much longer.
  double most_fps;
};
constexpr std::array<Format, 3> kFormats = {
    {{"gif", encode_gif, 50}, {"mp4", encode_mp4, 240}, {"webp", encode_webp, 90}}};
constexpr double kLeastFps = 0.1;
constexpr double kLongestHold = 600;  // GIF counts no further than 655 s

const Format& format_named(const std::string& name) {
  for (const Format& format : kFormats) {
    if (name == format.name) return format;
  }
  throw UsageError("--format " + name + " is not known: give gif, mp4, webp, or several separated by commas");
}

// FFmpeg's own way would write file names to the terminal as they are.
void log_error(void* source, int level, const char* format, std::va_list arguments) {
  if (level > AV_LOG_ERROR) return;
  std::array<char, 1024> line{};
  int begins_line = 1;
  av_log_format_line2(source, level, format, arguments, line.data(), static_cast<int>(line.size()),
                      &begins_line);
  std::string_view text = line.data();
  while (text.ends_with('\n')) text.remove_suffix(1);
  support::log_warning("FFmpeg: " + std::string(text));
}

}  // namespace

double Film::time_s(std::size_t i) const {
  if (i < count) return static_cast<double>(i) / fps;
  return static_cast<double>(count - 1) / fps + std::max(hold_last_s, 1 / fps);
}

void FrameSize::check(std::size_t i, const Picture& picture) {
  const std::lock_guard lock(mutex_);
  if (width_ == 0) {
    width_ = picture.width;
    height_ = picture.height;
  }
  if (picture.width != width_ || picture.height != height_) {
    throw RunError(
        fmt::format("frame {} of the animation has {}x{} pixels, another one {}x{}: draw all frames again", i,
                    picture.width, picture.height, width_, height_));
  }
}

std::vector<std::string> animation_formats() {
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

void check_animation_options(const AnimationOptions& options) {
  const Format& format = format_named(options.format);
  if (!(options.fps >= kLeastFps && options.fps <= format.most_fps)) {
    throw UsageError(fmt::format("--fps {}: a {} file takes {} to {} frames a second", options.fps,
                                 format.name, kLeastFps, format.most_fps));
  }
  if (!(options.hold_last_s >= 0 && options.hold_last_s <= kLongestHold)) {
    throw UsageError(fmt::format("the last frame cannot be held for {} s: give 0 to {}", options.hold_last_s,
                                 kLongestHold));
  }
}

void write_animation(const std::filesystem::path& path, const AnimationOptions& options, std::size_t count,
                     const std::function<Picture(std::size_t)>& frame) {
  check_animation_options(options);
  if (count == 0) throw RunError(path.string() + ": there are no frames to animate");
  av_log_set_callback(log_error);
  // Beside the encoding, where there are threads for it.
  std::future<void> poster =
      std::async(options.threads > 1 ? std::launch::async : std::launch::deferred, [&] {
        if (!options.poster.empty()) write_png(options.poster, frame(count - 1));
      });
  support::AtomicPath atomic(path);
  format_named(options.format)
      .encode(atomic.temporary().string(),
              {count, frame, options.fps, options.hold_last_s, options.threads, options.exact_colours});
  atomic.commit();
  poster.get();
}

}  // namespace zoetrope::render
