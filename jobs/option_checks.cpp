// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/error.hpp"

#include "options.hpp"

namespace zoetrope::jobs {

namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 30;

void require(bool condition, const std::string& message) {
  if (!condition) throw UsageError(message);
}

void check_data(const pipeline::DataOptions& o) {
  require(o.train_limit >= 0 && o.test_limit >= 0, "--train-limit and --test-limit must not be negative");
  require(o.test_limit != 1, "--test-limit 1: a picture takes two test images or more; 0 takes all");
  require(o.image_cache_mib >= 0 && o.image_cache_mib <= kMost, "--image-cache must be 0 to 2^30 MiB");
}

void check_training(const train::TrainOptions& o, double epochs) {
  require(o.max_steps >= 0, "--max-steps must not be negative");
  require(epochs > 0 && epochs <= static_cast<double>(kMost), "--epochs must be positive, and at most 2^30");
  require(o.batch_size > 0 && o.batch_size <= kMost, "--batch-size must be positive, and at most 2^30");
  require(o.micro_batch >= 0, "--micro-batch must not be negative");
  require(o.learning_rate > 0 && std::isfinite(o.learning_rate),
          "--learning-rate must be positive and finite");
  require(o.weight_decay >= 0 && std::isfinite(o.weight_decay),
          "--weight-decay must be finite and not negative");
  require(o.warmup_ratio >= 0 && o.warmup_ratio < 1, "--warmup-ratio must be at least 0 and below 1");
  require(o.max_grad_norm >= 0, "--max-grad-norm must not be negative");
  require(o.save_steps > 0 && o.logging_steps > 0, "--save-steps and --logging-steps must be positive");
  require(o.resume_every >= 0 && std::isfinite(o.resume_every),
          "--resume-every must be finite and not negative: seconds, or 0: with every checkpoint");
  require(o.keep_optimizer > 0, "--keep-optimizer must be positive: an interrupted run goes on from there");
}

void check_rendering(const pipeline::RenderOptions& o) {
  require(o.fps > 0 && o.fps <= 100, "--fps must be above 0 and at most 100");
  require(o.tween >= 0 && o.tween <= 1000, "--tween must be 0 to 1000");
  require(o.layout != render::Layout::kArticle || o.theme == render::Theme::kLight,
          "--layout article is light: leave out --theme dark");
  require(!o.formats.empty(), "--format must name one or more of gif, mp4, webp");
}

// What the pictures need, which a job that draws them does at its end.
void check_pictures(const pipeline::RenderOptions& o) {
  if (o.layout == render::Layout::kWide) render::check_picture_size(o.width, o.height);
  for (const std::string& format : o.formats) {
    render::AnimationOptions animation;
    animation.format = format;
    animation.fps = o.fps;
    render::check_animation_options(animation);
  }
}

}  // namespace

void check(const Options& options) {
  constexpr int kMostThreads = 4096;
  const pipeline::Options& o = options.pipeline;
  require(!o.run.empty(), "--run is required: the directory to work in");
  check_data(o.data);
  check_training(o.training, o.epochs);
  require(o.compute.threads >= 0 && o.compute.threads <= kMostThreads, "--threads must be 0 to 4096");
  require(o.analysis.neighbours > 0, "--neighbours must be positive");
  require(o.analysis.outliers >= 0, "--outliers must not be negative");
  require(options.timeout > 0, "--timeout must be positive");
  require(options.trace_steps.empty() || !options.trace.empty(),
          "--trace-steps adds to a timeline: give the file for it with --trace");
  check_rendering(o.render);
  if ((options.groups & kRendering) != 0) check_pictures(o.render);
}

}  // namespace zoetrope::jobs
