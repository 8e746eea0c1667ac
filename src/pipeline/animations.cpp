// SPDX-License-Identifier: Apache-2.0
#include "animations.hpp"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/tween.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "timing.hpp"

namespace zoetrope::pipeline {

namespace {

// All frames are drawn as the encoder asks for them, those of checkpoints again: that is quicker than to read
// their PNG files.
void encode(Session& session, render::RendererPool& renderers, const std::vector<render::Frame>& frames,
            const std::vector<std::uint32_t>& class_colours, const std::string& format) {
  const Timing timing = timing_of(session.options().render, frames.size());
  const std::size_t count = render::num_animation_frames(frames.size(), timing.tween);
  session.set_stage("encoding the " + format);
  support::Progress progress("encoding " + format, static_cast<std::int64_t>(count), "frames");
  progress.update(0);
  std::mutex mutex;  // of the progress
  std::int64_t done = 0;
  render::AnimationOptions animation;
  animation.format = format;
  animation.fps = timing.fps;
  animation.hold_last_s = timing.hold_last_s;
  animation.threads = static_cast<int>(session.threads());
  animation.exact_colours = class_colours;
  if (format == session.options().render.formats.front())
    animation.poster = session.run().root / "poster.png";
  render::write_animation(session.run().animation(format), animation, count, [&](std::size_t i) {
    const support::Interruptible until_asked;  // in a thread of the encoder's
    support::stop_point();
    {
      const std::lock_guard lock(mutex);  // some frames are asked for twice
      progress.update(std::min(done++, static_cast<std::int64_t>(count)));
    }
    return renderers.draw(render::animation_frame(frames, timing.tween, i));
  });
  progress.update(static_cast<std::int64_t>(count));
}

// Of formats that are not written now: they would show what the frames beside them no longer do.
void remove_others(const store::RunDirectory& run, const std::vector<std::string>& written) {
  for (const std::string& format : render::animation_formats()) {
    if (std::find(written.begin(), written.end(), format) != written.end()) continue;
    const std::filesystem::path path = run.animation(format);
    std::error_code error;
    const bool is_removed = std::filesystem::remove(path, error);
    if (error) throw RunError(path.string() + ": cannot be removed: " + error.message());
    if (is_removed)
      support::log_info("removed " + path.string() +
                        " of an earlier job; --format takes several, with commas");
  }
}

}  // namespace

void encode_animations(Session& session, render::RendererPool& renderers,
                       const std::vector<render::Frame>& frames,
                       const std::vector<std::uint32_t>& class_colours) {
  const support::Stopwatch watch;
  const std::vector<std::string>& formats = session.options().render.formats;
  const auto rank = static_cast<std::size_t>(session.world().rank()),
             ranks = static_cast<std::size_t>(session.world().size());
  comm::do_unless_asked(session.communicator(), kNotFinished, [&] {
    for (std::size_t i = rank; i < formats.size(); i += ranks)
      encode(session, renderers, frames, class_colours, formats[i]);
  });
  comm::do_unless_asked(session.communicator(), kNotFinished, [&] {
    if (session.is_root()) remove_others(session.run(), formats);
  });
  const std::size_t count =
      render::num_animation_frames(frames.size(), timing_of(session.options().render, frames.size()).tween);
  session.add_stage(
      {"animation", watch.seconds(), static_cast<std::int64_t>(count * formats.size()), "frames"});
}

}  // namespace zoetrope::pipeline
