// SPDX-License-Identifier: Apache-2.0
// A made-up fine-tuning run: clusters that separate over time, an outlier list, curves.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "zoetrope/render/frame.hpp"

namespace zoetrope::render::synthetic {

struct Options {
  std::size_t num_points = 1000;
  std::size_t num_classes = 10;
  std::size_t num_frames = 11;
  std::size_t num_outliers = 8;
  int width = 1920;
  int height = 1080;
};

// frames[t].points looks into points[t].
struct Run {
  Scene scene;
  std::vector<std::vector<double>> points;
  std::vector<Frame> frames;
};

inline std::vector<std::string> class_names(std::size_t count) {
  static const std::vector<std::string> kFashion = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                                    "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                                    "Bag",         "Ankle boot"};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back(i < kFashion.size() ? kFashion[i] : "Class " + std::to_string(i));
  }
  return names;
}

// A grey picture with a bright spot, different for every index.
inline support::Image thumbnail(std::int64_t index) {
  support::Image picture{28, 28, 1, std::vector<std::uint8_t>(28 * 28)};
  const double cx = 8 + static_cast<double>(index % 13);
  const double cy = 8 + static_cast<double>(index % 11);
  for (int y = 0; y < 28; ++y) {
    for (int x = 0; x < 28; ++x) {
      const double d = std::hypot(x - cx, y - cy);
      picture.pixels[static_cast<std::size_t>(y * 28 + x)] =
          static_cast<std::uint8_t>(255 * std::exp(-d * d / 60));
    }
  }
  return picture;
}

inline void place_points(Run& run, const Options& options, std::mt19937& random) {
  std::normal_distribution<double> normal;
  const std::size_t n = options.num_points;
  std::vector<double> noise(2 * n);
  std::vector<double> drift(2 * n);
  for (double& value : noise) value = normal(random);
  for (double& value : drift) value = normal(random);
  for (std::size_t t = 0; t < options.num_frames; ++t) {
    const double progress =
        options.num_frames < 2 ? 1 : static_cast<double>(t) / static_cast<double>(options.num_frames - 1);
    const double apart = 3.4 * (1 - std::exp(-3 * progress));
    const double spread = 1.3 - 0.75 * progress;
    std::vector<double> points(2 * n);
    for (std::size_t i = 0; i < n; ++i) {
      const auto label = static_cast<double>(run.scene.label[i]);
      const double angle =
          6.2831853 * label / static_cast<double>(std::max<std::size_t>(1, options.num_classes)) +
          0.5 * progress;
      const double ring = apart * (run.scene.label[i] % 3 == 0 ? 0.55 : 1);
      const double x =
          ring * std::cos(angle) + spread * (noise[2 * i] + 0.35 * drift[2 * i] * std::sin(5 * progress));
      const double y = ring * std::sin(angle) +
                       spread * (noise[2 * i + 1] + 0.35 * drift[2 * i + 1] * std::cos(5 * progress));
      points[2 * i] = x;
      points[2 * i + 1] = y;
    }
    double most = 1e-9;
    for (const double value : points) most = std::max(most, std::abs(value));
    for (double& value : points) value *= 5 / most;
    run.points.push_back(std::move(points));
  }
}

// The points farthest from the origin are the outliers.
inline std::vector<OutlierEntry> farthest(const Run& run, const std::vector<double>& points,
                                          std::size_t count) {
  std::vector<std::size_t> order(points.size() / 2);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto distance = [&](std::size_t i) { return std::hypot(points[2 * i], points[2 * i + 1]); };
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) { return distance(a) > distance(b); });
  std::vector<OutlierEntry> outliers;
  for (std::size_t k = 0; k < count; ++k) {
    const auto index = static_cast<std::int64_t>(order[k]);
    OutlierEntry entry;
    entry.index = index;
    entry.label = run.scene.label[order[k]];
    entry.score = 1 / (1 + distance(order[k]));
    entry.image = std::make_shared<support::Image>(thumbnail(index));
    outliers.push_back(std::move(entry));
  }
  return outliers;
}

inline Run make_run(const Options& options) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  Run run;
  Scene& scene = run.scene;
  scene.width = options.width;
  scene.height = options.height;
  scene.class_names = class_names(options.num_classes);
  scene.subtitle = "Fashion-MNIST test images, ViT with 4 layers";
  scene.outlier_slots = options.num_outliers;
  scene.last_epoch = 3;
  for (std::size_t i = 0; i < options.num_points; ++i) {
    scene.label.push_back(
        static_cast<std::int64_t>(random() % std::max<std::size_t>(1, options.num_classes)));
  }
  const std::int64_t last_step = 20 * static_cast<std::int64_t>(options.num_frames - 1);
  for (std::int64_t step = 1; step <= last_step; step += 3) {
    const double progress = static_cast<double>(step) / static_cast<double>(last_step);
    const double loss = 0.35 + 1.95 * std::exp(-5 * progress) + 0.06 * normal(random);
    scene.loss.push_back({3 * progress, step, loss});
    scene.learning_rate.push_back(
        {3 * progress, step, 5e-5 * std::min(progress / 0.1, (1 - progress) / 0.9)});
  }
  place_points(run, options, random);
  for (std::size_t t = 0; t < options.num_frames; ++t) {
    const double progress =
        options.num_frames < 2 ? 1 : static_cast<double>(t) / static_cast<double>(options.num_frames - 1);
    Frame frame;
    frame.step = 20 * static_cast<std::int64_t>(t);
    frame.epoch = 3 * progress;
    frame.explained_variance_ratio[0] = 0.18 + 0.2 * progress;
    frame.explained_variance_ratio[1] = 0.11 + 0.09 * progress;
    frame.points = run.points[t];
    frame.outliers = farthest(run, run.points[t], options.num_outliers);
    scene.accuracy.push_back({frame.epoch, frame.step, 0.1 + 0.78 * (1 - std::exp(-6 * progress))});
    run.frames.push_back(std::move(frame));
  }
  return run;
}

}  // namespace zoetrope::render::synthetic
