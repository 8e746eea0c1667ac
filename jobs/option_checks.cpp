// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "options.hpp"

namespace zoetrope::jobs {

namespace {

constexpr std::int64_t kMostImages = std::int64_t{1} << 40;
constexpr std::int64_t kMost = std::int64_t{1} << 30;
// What float32 can hold, in which weights are.
constexpr double kLeastRate = 1e-37;
constexpr double kMostRate = 1e37;

void require(bool condition, const std::string& message) {
  if (!condition) throw UsageError(message);
}

void check_data(const pipeline::DataOptions& o) {
  require(!o.spec.empty(), "--data is empty: name the images, e.g. folder:DIR");
  require(std::min(o.train_limit, o.test_limit) >= 0 && std::max(o.train_limit, o.test_limit) <= kMostImages,
          "--train-limit and --test-limit must be 0 to 2^40");
  require(o.test_limit != 1, "--test-limit 1: a picture takes two test images or more; 0 takes all");
}

void check_split(const Options& options) {
  const pipeline::EmbeddingOptions& o = options.pipeline.embedding;
  const bool is_test = o.split == pipeline::SplitChoice::kTest;
  require(o.train_sample >= 0 && o.train_sample != 1 && o.train_sample <= kMostImages,
          "--train-sample must be 2 to 2^40, or 0: all");
  require(is_test || options.pipeline.given.embeddings.empty(),
          "--split shows training images that zoetrope has embedded: leave it out with --embeddings");
  require(!is_test || options.pipeline.analysis.fit_on == pipeline::FitOn::kTest,
          "--fit-on train and both need training images: give --split both, too");
}

void check_training(const train::TrainOptions& o, double epochs) {
  require(o.max_steps >= 0 && o.max_steps <= kMost, "--max-steps must be 0 to 2^30");
  require(epochs > 0 && epochs <= static_cast<double>(kMost), "--epochs must be positive, and at most 2^30");
  require(o.batch_size > 0 && o.batch_size <= kMost, "--batch-size must be positive, and at most 2^30");
  require(o.micro_batch >= 0 && o.micro_batch <= kMost, "--micro-batch must be 0 to 2^30");
  require(o.learning_rate >= kLeastRate && o.learning_rate <= kMostRate,
          "--learning-rate must be positive: 1e-37 to 1e37");
  require(o.weight_decay >= 0 && o.weight_decay <= kMostRate, "--weight-decay must be 0 to 1e37");
  require(o.warmup_ratio >= 0 && o.warmup_ratio < 1, "--warmup-ratio must be at least 0 and below 1");
  require(o.max_grad_norm >= 0 && o.max_grad_norm <= kMostRate,
          "--max-grad-norm must be 0 to 1e37; 0: no clipping");
  require(o.save_steps > 0 && o.logging_steps > 0 && std::max(o.save_steps, o.logging_steps) <= kMost,
          "--save-steps and --logging-steps must be positive, and at most 2^30");
  require(o.resume_every >= 0 && o.resume_every <= static_cast<double>(kMost),
          "--resume-every must be 0 to 2^30: seconds, or 0: with every checkpoint");
  require(o.keep_optimizer > 0 && o.keep_optimizer <= kMost,
          "--keep-optimizer must be positive, and at most 2^30: an interrupted run goes on from there");
}

// Of a run that was analysed with FAISS pictures can be drawn without: there the option is the run's.
void check_search(const Options& options) {
  const bool analyses =
      (options.groups & kAnalysis) != 0 && ((options.groups & kDevice) != 0 || options.pipeline.review.live);
  const bool is_exact = options.pipeline.analysis.search == analysis::SearchMethod::kExact;
  require(!analyses || is_exact || !analysis::faiss_version().empty(),
          "this zoetrope has no FAISS, which --neighbour-search hnsw and ivf take: leave the option out, or "
          "build zoetrope where libfaiss-dev is installed (script/bootstrap)");
}

void check_rendering(const pipeline::RenderOptions& o) {
  constexpr double kLongest = 600;  // seconds
  const double fps = frames_a_second(o);
  require(fps > 0 && fps <= 100, "--fps must be above 0 and at most 100");
  require(!o.tween || (*o.tween >= 0 && *o.tween <= 1000), "--tween must be 0 to 1000");
  require(!o.duration || (*o.duration >= 0.1 && *o.duration <= kLongest),
          "--duration must be 0.1 to 600 seconds");
  require(o.layout != render::Layout::kArticle || o.theme == render::Theme::kLight,
          "--layout article is light: leave out --theme dark");
  require(!o.formats.empty(), "--format must name one or more of gif, mp4, webp");
}

void check_given(const Options& options) {
  const pipeline::GivenOptions& o = options.pipeline.given;
  const bool is_given = !o.embeddings.empty();
  require(is_given || (o.logits.empty() && o.labels.empty() && o.images.empty()),
          "--logits, --labels and --images belong to embeddings of your own: give --embeddings");
  require(!is_given || (options.groups & kGiven) != 0,
          "--run " + options.pipeline.run +
              " holds embeddings that were given with --embeddings, not a model's: "
              "only zoetrope analyze, render and review work there");
  require(
      !is_given || !options.pipeline.render.regions,
      "--regions on: with embeddings that were given with --embeddings there is no classifier that could say "
      "something of each place of the picture; leave it out");
  require(
      !options.pipeline.review.live || !o.takes_in,
      "--live follows a run of zoetrope's: leave it out, and give --embeddings again when there are more");
}

// What the pictures need, which a job that draws them does at its end.
void check_pictures(const pipeline::RenderOptions& o) {
  constexpr int kMostPixels = 16384;  // of an article's picture; others have less
  const pipeline::PictureSize size = size_of(o);
  if (o.layout != render::Layout::kArticle) render::check_picture_size(size.width, size.height);
  require(std::max(size.width, size.height) <= kMostPixels,
          "--size: with --layout article each side is at most " + std::to_string(kMostPixels) + " pixels");
  for (const std::string& format : o.formats) {
    render::AnimationOptions animation;
    animation.format = format;
    animation.fps = frames_a_second(o);
    render::check_animation_options(animation);
  }
}

}  // namespace

void check_timeout(std::int64_t seconds) {
  require(seconds > 0 && seconds <= kMost, "--timeout must be positive, and at most 2^30 seconds");
}

void check(const Options& options) {
  const pipeline::Options& o = options.pipeline;
  require(!o.run.empty(), "--run is required: the directory to work in");
  check_given(options);
  support::check_log_level(options.log_level);
  check_data(o.data);
  check_split(options);
  check_training(o.training, o.epochs);
  require(o.pretend_preemption >= 0 && o.pretend_preemption <= static_cast<double>(kMost),
          "--pretend-preemption must be 0 to 2^30 seconds");
  require(o.compute.threads >= 0 && o.compute.threads <= kMostThreads, "--threads must be 0 to 4096");
  require(o.analysis.neighbours > 0 && o.analysis.neighbours <= kMost,
          "--neighbours must be positive, and at most 2^30");
  require(o.analysis.quality_neighbours >= 0 && o.analysis.quality_neighbours <= kMost,
          "--quality-neighbours must not be negative, and at most 2^30");
  check_search(options);
  require(o.analysis.smoothness > 0 && o.analysis.smoothness <= 1e6,
          "--smoothness must be positive, and at most 1e6");
  require(o.analysis.outliers >= 0 && o.analysis.outliers <= kMost, "--outliers must be 0 to 2^30");
  check_timeout(options.timeout);
  require(options.trace_steps.empty() || !options.trace.empty(),
          "--trace-steps adds to a timeline: give the file for it with --trace");
  check_rendering(o.render);
  if ((options.groups & kRendering) != 0) check_pictures(o.render);
}

}  // namespace zoetrope::jobs
