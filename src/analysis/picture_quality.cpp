// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/picture_quality.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "zoetrope/compute/tasks.hpp"

#include "point_blocks.hpp"
#include "shared_work.hpp"

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

PictureNeighbours neighbours_in_picture(const Points& points, std::int64_t k, Team* team) {
  PictureNeighbours found;
  found.k = std::max<std::int64_t>(0, std::min<std::int64_t>(k, (points.rows() - 1) / 2));
  if (found.k == 0) return found;
  const PointBlocks blocks(points);
  found.query.rows = images_to_judge(points.rows());
  const support::Range share = share_of(static_cast<std::int64_t>(found.query.rows.size()), team);
  std::vector<std::int64_t> others(static_cast<std::size_t>(share.size() * found.k));
  work_together(team, [&] {
    compute::for_each_range(share.size(), kImagesPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        blocks.find_nearest(found.query.rows[share.begin + i], found.k, others.data() + i * found.k);
    });
  });
  found.query.others = join_shares(team, std::move(others));
  return found;
}

namespace {

// The ranks in the picture of those that are near in the embedding: excess_of(), of each image that is looked
// at.
std::vector<double> excess_in_picture(const Points& points, const PictureNeighbours& in_picture,
                                      const Neighbours& in_embedding, Team* team) {
  const PointBlocks blocks(points);
  const auto& images = in_picture.query.rows;
  const support::Range share = share_of(static_cast<std::int64_t>(images.size()), team);
  std::vector<double> excess(static_cast<std::size_t>(share.size()));
  work_together(team, [&] {
    compute::for_each_range(share.size(), kImagesPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const std::int64_t i = images[share.begin + n];
        const std::span real(in_embedding.index.data() + i * in_embedding.k,
                             static_cast<std::size_t>(in_picture.k));
        excess[n] = excess_of(blocks.ranks(i, real));
      }
    });
  });
  return join_shares(team, std::move(excess));
}

}  // namespace

PictureQuality picture_quality(const Points& points, const PictureNeighbours& in_picture,
                               const Neighbours& in_embedding, std::span<const std::int64_t> labels,
                               Team* team) {
  const std::vector<double> unknown(static_cast<std::size_t>(points.rows()), kNotJudged);
  PictureQuality quality{unknown, unknown, kNotJudged, kNotJudged, kNotJudged, kNotJudged};
  const std::int64_t k = in_picture.k;
  if (k == 0) return quality;
  const std::vector<double> excess = excess_in_picture(points, in_picture, in_embedding, team);
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
    quality.continuity[i] = 1 - excess[place] / most;
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
