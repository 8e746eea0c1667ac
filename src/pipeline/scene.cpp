// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "zoetrope/support/text.hpp"

#include "thumbnails.hpp"
#include "timing.hpp"
#include "title.hpp"
#include "ways.hpp"

namespace zoetrope::pipeline {

namespace {

// No outlier's image takes more of a picture's longer side than one in so many.
constexpr int kThumbnailsAcross = 4;

std::vector<render::CurvePoint> curve_of_log(const std::vector<store::LossRecord>& log,
                                             double store::LossRecord::*field) {
  std::vector<render::CurvePoint> curve;
  for (const auto& record : log) curve.push_back({record.epoch, record.step, record.*field});
  return curve;
}

std::vector<render::CurvePoint> curve_of(const store::Analysis& analysis, const char* name) {
  std::vector<render::CurvePoint> curve;
  const auto found = analysis.curves.find(name);
  if (found == analysis.curves.end()) return curve;
  const auto moments = store::moments_of(analysis);
  for (std::size_t i = 0; i < analysis.num_frames(); ++i)
    if (std::isfinite(found->second[i])) curve.push_back({moments[i], analysis.step[i], found->second[i]});
  return curve;
}

// What is said of embeddings that another program has computed.
void describe_given(const data::Dataset& images, const store::Analysis& analysis, render::Scene& scene) {
  const auto count = support::format_count(static_cast<std::int64_t>(analysis.num_images()));
  scene.is_of_vit = false;
  scene.has_images = images.has_images();
  scene.subtitle = count + (scene.has_images ? " test images" : " embeddings") + ", projected with PCA";
  add_curves_of_neighbours(analysis, scene);
}

std::string subtitle_of(const store::Analysis& analysis) {
  const auto images = [](std::size_t count) {
    return support::format_count(static_cast<std::int64_t>(count));
  };
  std::string text = "Embeddings of " + images(analysis.num_images()) + " test images";
  if (analysis.num_training() > 0)
    text += " and " + images(analysis.num_training()) + " training images (hollow)";
  return text + ", projected with PCA";
}

double value_of(const store::Analysis& analysis, const std::string& curve, std::size_t frame) {
  const auto found = analysis.curves.find(curve);
  return found == analysis.curves.end() ? std::numeric_limits<double>::quiet_NaN() : found->second[frame];
}

double score_of_outlier(const store::Analysis& analysis, std::size_t frame, std::size_t place) {
  const auto index = static_cast<std::size_t>(analysis.outlier[frame * analysis.num_outliers() + place]);
  return analysis.ood_score[frame * analysis.num_images() + index];
}

// How far away 99 of 100 images of the frame are at most.
double far_in(const store::Analysis& analysis, std::size_t frame) {
  const std::size_t n = analysis.num_images();
  const auto first = analysis.ood_score.begin() + static_cast<std::ptrdiff_t>(n * frame);
  std::vector<double> scores(first, first + static_cast<std::ptrdiff_t>(n));
  const auto hundredth = scores.begin() + static_cast<std::ptrdiff_t>(n / 100);
  std::nth_element(scores.begin(), hundredth, scores.end());  // low ones are far away
  return render::medians_away(*hundredth);
}

// In place of an image: the file's own name, or the row's number.
std::string name_of(const data::Dataset& images, std::int64_t index) {
  const std::string name = images.image_name(index);
  if (name.empty()) return std::string("#").append(support::format_count(index));
  return name.substr(name.rfind('/') + 1);
}

// Nothing where a number of them is not known.
void add_regions(const store::Analysis& analysis, std::size_t t, render::Frame& frame) {
  const std::size_t size = 3 * analysis.class_names.size();
  if (analysis.plane_classifier.empty()) return;
  const auto regions = std::span(analysis.plane_classifier).subspan(size * t, size);
  if (!std::ranges::all_of(regions, [](double v) { return std::isfinite(v); })) return;
  frame.regions = regions;
  frame.region_agreement = value_of(analysis, "region_agreement", t);
}

}  // namespace

void add_curves_of_neighbours(const store::Analysis& analysis, render::Scene& scene) {
  const bool has_loss = !scene.loss.empty(), has_accuracy = !scene.accuracy.empty();
  if (analysis.class_names.size() > 1 && !(has_loss && has_accuracy))
    scene.knn_accuracy = curve_of(analysis, "knn_accuracy");
  if (!has_loss) scene.neighbours_kept = curve_of(analysis, "neighbour_preservation");
}

void describe_outliers(const store::Analysis& analysis, render::Scene& scene) {
  for (std::size_t t = 0; t < analysis.num_frames(); ++t)
    for (std::size_t k = 0; k < analysis.num_outliers(); ++k)
      scene.farthest = std::max(scene.farthest, render::medians_away(score_of_outlier(analysis, t, k)));
  scene.outlier_slots = analysis.num_outliers();
}

render::Scene make_scene(Session& session, const store::Analysis& analysis) {
  const RenderOptions& options = session.options().render;
  render::Scene scene;
  scene.layout = options.layout;
  scene.theme = options.theme;
  scene.width = size_of(options).width;
  scene.height = size_of(options).height;
  scene.title = title_of(session.options());
  scene.has_given_title = !options.title.empty();
  scene.subtitle = subtitle_of(analysis);
  scene.train_label = analysis.train_label;
  scene.class_names = analysis.class_names;
  scene.label = analysis.label;
  scene.all_points = {analysis.aligned, analysis.train_aligned};
  scene.has_regions = options.regions && !analysis.plane_classifier.empty();
  const auto log = session.loss_log();
  scene.loss = curve_of_log(log, &store::LossRecord::loss);
  scene.learning_rate = curve_of_log(log, &store::LossRecord::learning_rate);
  scene.accuracy = curve_of(analysis, "accuracy");
  scene.last_epoch = analysis.epoch.empty() ? 0 : store::moments_of(analysis).back();
  scene.last_step = analysis.step.empty() ? 0 : analysis.step.back();
  scene.has_epochs = store::has_epochs(analysis);
  describe_outliers(analysis, scene);
  if (session.is_given()) describe_given(session.test(), analysis, scene);
  return scene;
}

std::vector<render::Frame> make_frames(const RenderOptions& options, const store::Analysis& analysis,
                                       const data::Dataset& images) {
  const PictureSize size = size_of(options);
  Thumbnails thumbnails(images, std::max(size.width, size.height) / kThumbnailsAcross);
  std::vector<render::Frame> frames;
  const auto moments = store::moments_of(analysis);
  const bool has_in_betweens = timing_of(options, analysis.num_frames()).tween.tween > 0;
  const std::size_t n = analysis.num_images(), k = analysis.num_outliers(), m = analysis.num_training();
  for (std::size_t t = 0; t < analysis.num_frames(); ++t) {
    render::Frame frame;
    frame.step = analysis.step[t];
    frame.epoch = moments[t];
    frame.explained_variance_ratio[0] = analysis.explained_variance_ratio[2 * t];
    frame.explained_variance_ratio[1] = analysis.explained_variance_ratio[2 * t + 1];
    frame.trust = value_of(analysis, "trustworthiness", t);
    frame.camera_share = value_of(analysis, "camera_share", t);
    if (t > 0 && has_in_betweens && options.tween_path == TweenPath::kProjection)
      frame.way = way_to(analysis, t), frame.train_way = train_way_to(analysis, t);
    if (options.regions) add_regions(analysis, t, frame);
    frame.far = far_in(analysis, t);
    frame.points = std::span(analysis.aligned).subspan(2 * n * t, 2 * n);
    frame.train_points = std::span(analysis.train_aligned).subspan(2 * m * t, 2 * m);
    for (std::size_t i = 0; i < k; ++i) {
      render::OutlierEntry entry;
      entry.index = analysis.outlier[t * k + i];
      entry.label = analysis.label[static_cast<std::size_t>(entry.index)];
      entry.score = score_of_outlier(analysis, t, i);
      if (!analysis.prediction.empty())
        entry.prediction = analysis.prediction[t * n + static_cast<std::size_t>(entry.index)];
      entry.image = thumbnails.of(entry.index);
      if (!entry.image) entry.name = name_of(images, entry.index);
      frame.outliers.push_back(std::move(entry));
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

}  // namespace zoetrope::pipeline
