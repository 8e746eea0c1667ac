// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/picture_quality.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "zoetrope/compute/tasks.hpp"

#include "point_blocks.hpp"

namespace zoetrope::analysis {

namespace {

constexpr std::int64_t kMostImages = 20000;
constexpr std::int64_t kSample = 5000;
constexpr std::int64_t kImagesPerTask = 32;
constexpr double kNotJudged = std::numeric_limits<double>::quiet_NaN();

// Steele, Lea and Flood's SplitMix64 (2014): scatters the images evenly.
std::uint64_t scatter(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// How far the ranks on one side of an image's k neighbours on the other are beyond k, in all.
double excess_of(std::span<const std::int64_t> ranks) {
  const auto k = static_cast<std::int64_t>(ranks.size());
  std::int64_t excess = 0;
  for (const std::int64_t rank : ranks) excess += std::max<std::int64_t>(0, rank - k);
  return static_cast<double>(excess);
}

// How many of `a` are among `b`, k each.
std::int64_t num_common(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  return std::ranges::count_if(a, [&](std::int64_t row) { return std::ranges::find(b, row) != b.end(); });
}

double mean(const std::vector<double>& values, const std::vector<std::int64_t>& places) {
  double sum = 0;
  for (const std::int64_t place : places) sum += values[static_cast<std::size_t>(place)];
  return sum / static_cast<double>(places.size());
}

}  // namespace

std::vector<std::int64_t> images_to_judge(std::int64_t num_images) {
  std::vector<std::int64_t> images(static_cast<std::size_t>(num_images));
  std::iota(images.begin(), images.end(), 0);
  if (num_images <= kMostImages) return images;
  const auto key = [](std::int64_t image) { return scatter(static_cast<std::uint64_t>(image)); };
  std::ranges::nth_element(images, images.begin() + kSample, {}, key);
  images.resize(kSample);
  std::ranges::sort(images);
  return images;
}

PictureNeighbours neighbours_in_picture(const Points& points, std::int64_t k) {
  PictureNeighbours found;
  found.k = std::max<std::int64_t>(0, std::min<std::int64_t>(k, (points.rows() - 1) / 2));
  if (found.k == 0) return found;
  const PointBlocks blocks(points);
  found.query.rows = images_to_judge(points.rows());
  const auto count = static_cast<std::int64_t>(found.query.rows.size());
  found.query.others.resize(static_cast<std::size_t>(count * found.k));
  compute::for_each_range(count, kImagesPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      blocks.find_nearest(found.query.rows[i], found.k, found.query.others.data() + i * found.k);
  });
  return found;
}

PictureQuality picture_quality(const Points& points, const PictureNeighbours& in_picture,
                               const Neighbours& in_embedding, std::span<const std::int64_t> labels) {
  const auto num_images = static_cast<std::size_t>(points.rows());
  PictureQuality quality{std::vector<double>(num_images, kNotJudged),
                         std::vector<double>(num_images, kNotJudged),
                         kNotJudged,
                         kNotJudged,
                         kNotJudged,
                         kNotJudged};
  const std::int64_t k = in_picture.k;
  if (k == 0) return quality;
  const PointBlocks blocks(points);
  const auto& images = in_picture.query.rows;
  const double most = static_cast<double>(k) * static_cast<double>(2 * points.rows() - 3 * k - 1) / 2;
  std::vector<std::int64_t> common(images.size()), same(images.size());
  const auto judge = [&](std::int64_t place) {
    const auto i = images[place];
    const std::size_t size = k;
    const std::span shown(in_picture.query.others.data() + place * k, size);
    const std::span ranks(in_picture.query.ranks.data() + place * k, size);
    const std::span real(in_embedding.index.data() + i * in_embedding.k, size);
    quality.trust[i] = 1 - excess_of(ranks) / most;
    quality.continuity[i] = 1 - excess_of(blocks.ranks(i, real)) / most;
    common[place] = num_common(real, shown);
    same[place] = std::ranges::count_if(shown, [&](std::int64_t j) { return labels[j] == labels[i]; });
  };
  const auto count = static_cast<std::int64_t>(images.size());
  compute::for_each_range(count, kImagesPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t place = begin; place < end; ++place) judge(place);
  });
  const auto part = [&](const std::vector<std::int64_t>& counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0})) /
           static_cast<double>(count * k);
  };
  quality.mean_trust = mean(quality.trust, images);
  quality.mean_continuity = mean(quality.continuity, images);
  quality.neighbours_shown = part(common);
  quality.same_label = part(same);
  return quality;
}

}  // namespace zoetrope::analysis
