// SPDX-License-Identifier: Apache-2.0
// Frames are drawn by all ranks, and each format of the animation is encoded by one.
#include <algorithm>
#include <mutex>

#include <ATen/ATen.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/data/sampler.hpp"
#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/render/tween.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/text.hpp"

#include "analysis_of_run.hpp"
#include "jobs.hpp"
#include "thumbnails.hpp"

namespace zoetrope::jobs {

namespace {

// No outlier's image takes more of a picture's longer side than one in so many.
constexpr int kThumbnailsAcross = 4;

std::vector<render::CurvePoint> curve_of_log(const std::vector<store::LossRecord>& log,
                                             double store::LossRecord::*field) {
  std::vector<render::CurvePoint> curve;
  for (const auto& record : log) curve.push_back({record.epoch, record.step, record.*field});
  return curve;
}

std::vector<render::CurvePoint> accuracy_curve(const store::Analysis& analysis) {
  std::vector<render::CurvePoint> curve;
  const auto found = analysis.curves.find("accuracy");
  if (found == analysis.curves.end()) return curve;
  for (std::size_t i = 0; i < analysis.num_frames(); ++i)
    if (std::isfinite(found->second[i]))
      curve.push_back({analysis.epoch[i], analysis.step[i], found->second[i]});
  return curve;
}

render::Scene make_scene(const Context& context, const store::Analysis& analysis) {
  const Options& options = context.options();
  render::Scene scene;
  scene.layout = options.layout == "article" ? render::Layout::kArticle : render::Layout::kWide;
  scene.theme = options.theme == "dark" ? render::Theme::kDark : render::Theme::kLight;
  std::tie(scene.width, scene.height) = options.picture_size();
  scene.subtitle = "Embeddings of " +
                   support::format_count(static_cast<std::int64_t>(analysis.num_images())) +
                   " test images, projected with PCA";
  scene.class_names = analysis.class_names;
  scene.label = analysis.label;
  const auto log = context.loss_log();
  scene.loss = curve_of_log(log, &store::LossRecord::loss);
  scene.learning_rate = curve_of_log(log, &store::LossRecord::learning_rate);
  scene.accuracy = accuracy_curve(analysis);
  scene.last_epoch = analysis.epoch.empty() ? 0 : analysis.epoch.back();
  scene.outlier_slots = static_cast<std::size_t>(std::max<std::int64_t>(1, options.outliers));
  return scene;
}

std::vector<render::Frame> make_frames(const store::Analysis& analysis, Thumbnails thumbnails) {
  std::vector<render::Frame> frames;
  const std::size_t n = analysis.num_images(), k = analysis.num_outliers();
  for (std::size_t t = 0; t < analysis.num_frames(); ++t) {
    render::Frame frame;
    frame.step = analysis.step[t];
    frame.epoch = analysis.epoch[t];
    frame.explained_variance_ratio[0] = analysis.explained_variance_ratio[2 * t];
    frame.explained_variance_ratio[1] = analysis.explained_variance_ratio[2 * t + 1];
    frame.points = std::span(analysis.aligned).subspan(2 * n * t, 2 * n);
    for (std::size_t i = 0; i < k; ++i) {
      render::OutlierEntry entry;
      entry.index = analysis.outlier[t * k + i];
      entry.label = analysis.label[static_cast<std::size_t>(entry.index)];
      entry.score = analysis.ood_score[t * n + static_cast<std::size_t>(entry.index)];
      entry.image = thumbnails.of(entry.index);
      frame.outliers.push_back(std::move(entry));
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

// Takes away what a killed job has left behind, before any rank writes.
void sweep(Context& context, const store::Analysis& analysis) {
  if (context.is_root()) {
    support::remove_leftovers(context.run().root);
    for (const std::int64_t step : analysis.step) support::remove_leftovers(context.run().checkpoint(step));
  }
  context.communicator().barrier();
}

constexpr const char* kNotFinished = "the pictures are not finished; run the same command again to draw them";

void draw_frames(Context& context, render::RendererPool& renderers,
                 const std::vector<render::Frame>& frames) {
  const Stopwatch watch;
  const auto count = static_cast<std::int64_t>(frames.size());
  const auto [first, last] = data::share(count, context.world().rank(), context.world().size());
  context.set_stage("drawing frames");
  support::Progress progress("drawing", last - first, "frames");
  progress.update(0);
  std::mutex mutex;  // of the progress
  std::int64_t done = 0;
  compute::for_each_task(last - first, [&, begin = first](std::int64_t i) {
    if (support::received_signal() != 0) return;
    const render::Frame& frame = frames[static_cast<std::size_t>(begin + i)];
    render::write_png(context.run().frame(frame.step), renderers.draw(frame));
    const std::lock_guard lock(mutex);
    progress.update(++done);
  });
  comm::stop_if_asked(context.communicator(), kNotFinished);
  context.add_stage({"drawing", watch.seconds(), count, "frames"});
}

// All frames are drawn as the encoder asks for them, those of checkpoints again: that is quicker than to read
// their PNG files.
void encode(Context& context, render::RendererPool& renderers, const std::vector<render::Frame>& frames,
            const std::string& format) {
  const render::TweenOptions tween{context.options().tween};
  const std::size_t count = render::num_animation_frames(frames.size(), tween);
  context.set_stage("encoding the " + format);
  support::Progress progress("encoding " + format, static_cast<std::int64_t>(count), "frames");
  progress.update(0);
  std::mutex mutex;  // of the progress
  render::AnimationOptions animation;
  animation.format = format;
  animation.fps = context.options().fps;
  animation.threads = static_cast<int>(context.threads());
  if (format == context.options().formats().front()) animation.poster = context.run().root / "poster.png";
  render::write_animation(context.run().animation(format), animation, count, [&](std::size_t i) {
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
void encode_all(Context& context, render::RendererPool& renderers, const std::vector<render::Frame>& frames) {
  const Stopwatch watch;
  const std::vector<std::string> formats = context.options().formats();
  const auto rank = static_cast<std::size_t>(context.world().rank()),
             ranks = static_cast<std::size_t>(context.world().size());
  try {
    for (std::size_t i = rank; i < formats.size(); i += ranks) encode(context, renderers, frames, formats[i]);
  } catch (const Interrupted&) {
    // The other ranks hear of it now.
  }
  comm::stop_if_asked(context.communicator(), kNotFinished);
  const std::size_t count =
      render::num_animation_frames(frames.size(), render::TweenOptions{context.options().tween});
  context.add_stage(
      {"animation", watch.seconds(), static_cast<std::int64_t>(count * formats.size()), "frames"});
}

}  // namespace

void render(Context& context) {
  const auto analysis = analysis_of_run(context);
  sweep(context, analysis);
  render::RendererPool renderers(make_scene(context, analysis));
  const auto [width, height] = context.options().picture_size();
  const auto frames =
      make_frames(analysis, {*context.test().dataset, std::max(width, height) / kThumbnailsAcross});
  draw_frames(context, renderers, frames);
  encode_all(context, renderers, frames);
}

}  // namespace zoetrope::jobs
