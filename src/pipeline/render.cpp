// SPDX-License-Identifier: Apache-2.0
// Frames are drawn by all ranks, and each format of the animation is encoded by one.
#include <algorithm>
#include <mutex>

#include <ATen/ATen.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/render/tween.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/range.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "run_analysis.hpp"
#include "scene.hpp"

namespace zoetrope::pipeline {

namespace {

// Takes away what a killed job has left behind, before any rank writes.
void sweep(Session& session, const store::Analysis& analysis) {
  if (session.is_root()) {
    support::remove_leftovers(session.run().root);
    for (const std::int64_t step : analysis.step) support::remove_leftovers(session.run().checkpoint(step));
  }
  session.communicator().barrier();
}

constexpr const char* kNotFinished = "the pictures are not finished; run the same command again to draw them";

void draw_frames(Session& session, render::RendererPool& renderers,
                 const std::vector<render::Frame>& frames) {
  const support::Stopwatch watch;
  const auto count = static_cast<std::int64_t>(frames.size());
  const auto [first, last] = support::share(count, session.world().rank(), session.world().size());
  session.set_stage("drawing frames");
  support::Progress progress("drawing", last - first, "frames");
  progress.update(0);
  std::mutex mutex;  // of the progress
  std::int64_t done = 0;
  compute::for_each_task(last - first, [&, begin = first](std::int64_t i) {
    if (support::received_signal() != 0) return;
    const render::Frame& frame = frames[static_cast<std::size_t>(begin + i)];
    render::write_png(session.run().frame(frame.step), renderers.draw(frame));
    const std::lock_guard lock(mutex);
    progress.update(++done);
  });
  comm::stop_if_asked(session.communicator(), kNotFinished);
  session.add_stage({"drawing", watch.seconds(), count, "frames"});
}

// All frames are drawn as the encoder asks for them, those of checkpoints again: that is quicker than to read
// their PNG files.
void encode(Session& session, render::RendererPool& renderers, const std::vector<render::Frame>& frames,
            const std::string& format) {
  const render::TweenOptions tween{session.options().render.tween};
  const std::size_t count = render::num_animation_frames(frames.size(), tween);
  session.set_stage("encoding the " + format);
  support::Progress progress("encoding " + format, static_cast<std::int64_t>(count), "frames");
  progress.update(0);
  std::mutex mutex;  // of the progress
  render::AnimationOptions animation;
  animation.format = format;
  animation.fps = session.options().render.fps;
  animation.threads = static_cast<int>(session.threads());
  if (format == session.options().render.formats.front())
    animation.poster = session.run().root / "poster.png";
  render::write_animation(session.run().animation(format), animation, count, [&](std::size_t i) {
    if (support::received_signal() != 0) throw Interrupted("the encoding of the " + format);
    {
      const std::lock_guard lock(mutex);
      progress.update(static_cast<std::int64_t>(i));
    }
    if (tween.tween == 0) return renderers.draw(frames[i]);
    return renderers.draw(render::animation_frame(frames, tween, i));
  });
}

// One rank encodes one format at a time.
void encode_all(Session& session, render::RendererPool& renderers, const std::vector<render::Frame>& frames) {
  const support::Stopwatch watch;
  const std::vector<std::string>& formats = session.options().render.formats;
  const auto rank = static_cast<std::size_t>(session.world().rank()),
             ranks = static_cast<std::size_t>(session.world().size());
  try {
    for (std::size_t i = rank; i < formats.size(); i += ranks) encode(session, renderers, frames, formats[i]);
  } catch (const Interrupted&) {
    // The other ranks hear of it now.
  }
  comm::stop_if_asked(session.communicator(), kNotFinished);
  const std::size_t count =
      render::num_animation_frames(frames.size(), render::TweenOptions{session.options().render.tween});
  session.add_stage(
      {"animation", watch.seconds(), static_cast<std::int64_t>(count * formats.size()), "frames"});
}

}  // namespace

void render(Session& session) {
  const store::Analysis& analysis = analysis_of_run(session);
  sweep(session, analysis);
  render::RendererPool renderers(make_scene(session, analysis));
  const auto frames = make_frames(session.options().render, analysis, session.test());
  draw_frames(session, renderers, frames);
  encode_all(session, renderers, frames);
}

}  // namespace zoetrope::pipeline
