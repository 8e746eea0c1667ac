// SPDX-License-Identifier: Apache-2.0
// Frames are drawn by all ranks, and each format of the animation is encoded by one.
#include <mutex>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/range.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "analysis_sources.hpp"
#include "animations.hpp"
#include "missing_fonts.hpp"
#include "region_classifier.hpp"
#include "run_analysis.hpp"
#include "scene.hpp"
#include "tensorboard.hpp"

namespace zoetrope::pipeline {

namespace {

// Takes away what a killed job has left behind, before any rank writes.
void sweep(Session& session, const store::Analysis& analysis) {
  if (session.is_root()) {
    for (const std::int64_t step : analysis.step) support::remove_leftovers(session.run().checkpoint(step));
  }
  session.communicator().barrier();
}

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

}  // namespace

void render(Session& session) {
  analyze_where_needed(session);
  const store::Analysis& analysis = analysis_of_run(session);
  require_regions(session, analysis);
  sweep(session, analysis);
  const render::Scene scene = make_scene(session, analysis);
  render::RendererPool renderers(scene);
  const data::Dataset& images = session.test();
  std::vector<render::Frame> frames;
  comm::do_unless_asked(session.communicator(), kNotFinished,
                        [&] { frames = make_frames(session.options().render, analysis, images); });
  if (session.is_root()) warn_of_missing_fonts(scene, frames);
  draw_frames(session, renderers, frames);
  log_frames(session, analysis);
  encode_animations(session, renderers, frames, render::class_colours(scene));
}

}  // namespace zoetrope::pipeline
