// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "zoetrope/support/text.hpp"

#include "thumbnails.hpp"
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

std::vector<render::CurvePoint> accuracy_curve(const store::Analysis& analysis) {
  std::vector<render::CurvePoint> curve;
  const auto found = analysis.curves.find("accuracy");
  if (found == analysis.curves.end()) return curve;
  for (std::size_t i = 0; i < analysis.num_frames(); ++i)
    if (std::isfinite(found->second[i]))
      curve.push_back({analysis.epoch[i], analysis.step[i], found->second[i]});
  return curve;
}

double value_of(const store::Analysis& analysis, const std::string& curve, std::size_t frame) {
  const auto found = analysis.curves.find(curve);
  return found == analysis.curves.end() ? std::numeric_limits<double>::quiet_NaN() : found->second[frame];
}

}  // namespace

render::Scene make_scene(const Session& session, const store::Analysis& analysis) {
  const RenderOptions& options = session.options().render;
  render::Scene scene;
  scene.layout = options.layout;
  scene.theme = options.theme;
  scene.width = options.width;
  scene.height = options.height;
  scene.subtitle = "Embeddings of " +
                   support::format_count(static_cast<std::int64_t>(analysis.num_images())) +
                   " test images, projected with PCA";
  scene.class_names = analysis.class_names;
  scene.label = analysis.label;
  const auto log = session.loss_log();
  scene.loss = curve_of_log(log, &store::LossRecord::loss);
  scene.learning_rate = curve_of_log(log, &store::LossRecord::learning_rate);
  scene.accuracy = accuracy_curve(analysis);
  scene.last_epoch = analysis.epoch.empty() ? 0 : analysis.epoch.back();
  scene.last_step = analysis.step.empty() ? 0 : analysis.step.back();
  scene.outlier_slots =
      static_cast<std::size_t>(std::max<std::int64_t>(1, session.options().analysis.outliers));
  return scene;
}

std::vector<render::Frame> make_frames(const RenderOptions& options, const store::Analysis& analysis,
                                       const data::Dataset& images) {
  Thumbnails thumbnails(images, std::max(options.width, options.height) / kThumbnailsAcross);
  std::vector<render::Frame> frames;
  const std::size_t n = analysis.num_images(), k = analysis.num_outliers();
  for (std::size_t t = 0; t < analysis.num_frames(); ++t) {
    render::Frame frame;
    frame.step = analysis.step[t];
    frame.epoch = analysis.epoch[t];
    frame.explained_variance_ratio[0] = analysis.explained_variance_ratio[2 * t];
    frame.explained_variance_ratio[1] = analysis.explained_variance_ratio[2 * t + 1];
    frame.trust = value_of(analysis, "trustworthiness", t);
    frame.camera_share = value_of(analysis, "camera_share", t);
    if (t > 0 && options.tween > 0 && options.tween_path == TweenPath::kProjection)
      frame.way = way_to(analysis, t);
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

}  // namespace zoetrope::pipeline
