// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/tween.hpp"

#include <algorithm>
#include <cmath>

#include "zoetrope/support/error.hpp"

#include "easing.hpp"

namespace zoetrope::render {
namespace {

double mix(double a, double b, double share) {
  return a + (b - a) * share;
}

// The slope where the steps before and after are `before` and `after`: their harmonic mean, 0 at a turning
// point.
double slope(double before, double after) {
  return before * after > 0 ? 2 * before * after / (before + after) : 0;
}

// A moment between checkpoints `at` and `at + 1`.
struct Moment {
  std::size_t at;
  double share;
};

Moment moment_of(double time, std::size_t count) {
  const double last = static_cast<double>(count - 1);
  const double clamped = std::clamp(time, 0.0, last);
  const auto at = std::min(static_cast<std::size_t>(clamped), count < 2 ? 0 : count - 2);
  return {at, clamped - static_cast<double>(at)};
}

// Which of a frame's points: the test images' or those of training images.
struct PointsOf {
  std::span<const double> Frame::*points;
  std::shared_ptr<const Way> Frame::*way;
};
constexpr PointsOf kTestImages{&Frame::points, &Frame::way};
constexpr PointsOf kTrainingImages{&Frame::train_points, &Frame::train_way};

// The places of points at a moment.
class Places {
 public:
  Places(std::span<const Frame> checkpoints, const Moment& moment, const PointsOf& of = kTestImages)
      : checkpoints_(checkpoints), moment_(moment), of_(of) {
    if (moment.share == 0) return;
    way_ = (checkpoints[moment.at + 1].*of.way).get();
    if (way_ != nullptr) mix_ = way_->mix(moment.share);
  }

  // Of how many points there are any.
  std::size_t size() const;
  // Of a point's coordinate, 2 * point + axis.
  double operator[](std::size_t k) const {
    return moment_.share == 0 ? points(moment_.at)[k] : way_ == nullptr ? on_curve(k) : on_way(k);
  }

 private:
  std::span<const double> points(std::size_t checkpoint) const {
    return checkpoints_[checkpoint].*of_.points;
  }
  double on_curve(std::size_t k) const;
  double on_way(std::size_t k) const;

  std::span<const Frame> checkpoints_;
  Moment moment_;
  PointsOf of_;
  const Way* way_ = nullptr;
  Way::Mix mix_{};
};

std::size_t Places::size() const {
  std::size_t count = points(moment_.at).size();
  const std::size_t first = moment_.at == 0 ? 0 : moment_.at - 1;
  for (std::size_t k = first; k < std::min(moment_.at + 3, checkpoints_.size()); ++k)
    count = std::min(count, points(k).size());
  return count;
}

double Places::on_curve(std::size_t k) const {
  const std::size_t at = moment_.at;
  const double p1 = points(at)[k], p2 = points(at + 1)[k];
  const double step = p2 - p1;
  const double m1 = at == 0 ? 0 : slope(p1 - points(at - 1)[k], step);
  const double m2 = at + 2 >= checkpoints_.size() ? 0 : slope(step, points(at + 2)[k] - p2);
  const double t = moment_.share;
  // Hermite's basis with p2 = p1 + step.
  return p1 + step * t * t * (3 - 2 * t) + m1 * t * (1 - t) * (1 - t) - m2 * t * t * (1 - t);
}

double Places::on_way(std::size_t k) const {
  const float* columns = way_->columns.data() + k / 2 * Way::kColumns;
  double sum = mix_.offset[k % 2];
  for (std::size_t c = 0; c < Way::kColumns; ++c)
    sum += static_cast<double>(columns[c]) * mix_.factor[c][k % 2];
  return sum;
}

std::vector<double> points_at(std::span<const Frame> checkpoints, const Moment& moment, const PointsOf& of) {
  const Places places(checkpoints, moment, of);
  std::vector<double> points(places.size());
  for (std::size_t k = 0; k < points.size(); ++k) points[k] = places[k];
  return points;
}

// Regions in between; none where one of the two has none.
std::vector<double> regions_between(const Frame& before, const Frame& after, double share) {
  std::vector<double> regions;
  if (before.regions.size() != after.regions.size()) return regions;
  for (std::size_t k = 0; k < after.regions.size(); ++k)
    regions.push_back(mix(before.regions[k], after.regions[k], share));
  return regions;
}

const OutlierEntry* find(const std::vector<OutlierEntry>& outliers, std::int64_t index) {
  const auto found = std::find_if(outliers.begin(), outliers.end(),
                                  [&](const OutlierEntry& entry) { return entry.index == index; });
  return found == outliers.end() ? nullptr : &*found;
}

std::int64_t place_in(const std::vector<OutlierEntry>& outliers, const OutlierEntry* entry) {
  return entry - outliers.data();
}

std::vector<OutlierEntry> outliers_between(const Frame& before, const Frame& after, double share) {
  const double eased = smooth_step(0, 1, share);
  std::vector<OutlierEntry> all;
  for (const OutlierEntry& entry : after.outliers) {
    const auto place = static_cast<double>(place_in(after.outliers, &entry));
    const OutlierEntry* earlier = find(before.outliers, entry.index);
    OutlierEntry& now = all.emplace_back(entry);
    if (earlier == nullptr) {
      now.place = place;
      now.opacity = eased;
    } else {
      if (share < 0.5) now.prediction = earlier->prediction;
      now.place = mix(static_cast<double>(place_in(before.outliers, earlier)), place, eased);
      // What is shown is the distance, -log(score), which a mean of the scores would let jump.
      now.score = std::exp(-mix(medians_away(earlier->score), medians_away(entry.score), share));
    }
    now.rank = static_cast<std::int64_t>(std::lround(now.place)) + 1;
  }
  for (const OutlierEntry& entry : before.outliers) {
    if (find(after.outliers, entry.index) != nullptr) continue;
    const std::int64_t place = place_in(before.outliers, &entry);
    OutlierEntry& now = all.emplace_back(entry);
    now.place = static_cast<double>(place);
    now.rank = place + 1;
    now.opacity = 1 - eased;
  }
  return all;
}

Frame between(std::span<const Frame> checkpoints, const Moment& moment) {
  const Frame& before = checkpoints[moment.at];
  const Frame& after = checkpoints[moment.at + 1];
  Frame frame;
  frame.before = &before;
  frame.after = &after;
  frame.share = moment.share;
  frame.step =
      std::llround(mix(static_cast<double>(before.step), static_cast<double>(after.step), moment.share));
  frame.epoch = mix(before.epoch, after.epoch, moment.share);
  for (std::size_t k = 0; k < 2; ++k) {
    frame.explained_variance_ratio[k] =
        mix(before.explained_variance_ratio[k], after.explained_variance_ratio[k], moment.share);
  }
  frame.far = mix(before.far, after.far, moment.share);
  frame.trust = mix(before.trust, after.trust, moment.share);
  frame.camera_share = after.camera_share;  // of the way between the two
  frame.owned_points =
      std::make_shared<const std::vector<double>>(points_at(checkpoints, moment, kTestImages));
  frame.points = *frame.owned_points;
  frame.owned_train_points =
      std::make_shared<const std::vector<double>>(points_at(checkpoints, moment, kTrainingImages));
  frame.train_points = *frame.owned_train_points;
  frame.owned_regions =
      std::make_shared<const std::vector<double>>(regions_between(before, after, moment.share));
  frame.regions = *frame.owned_regions;
  frame.region_agreement = mix(before.region_agreement, after.region_agreement, moment.share);
  frame.outliers = outliers_between(before, after, moment.share);
  return frame;
}

std::size_t num_places(std::size_t num_checkpoints, const TweenOptions& options) {
  if (num_checkpoints == 0) return 0;
  return num_checkpoints + (num_checkpoints - 1) * static_cast<std::size_t>(options.tween);
}

// What frame `i` shows: checkpoints and what is between them, counted from 0.
std::size_t place_of(std::size_t num_checkpoints, const TweenOptions& options, std::size_t i) {
  const std::size_t places = num_places(num_checkpoints, options), frames = options.frames;
  if (frames == 0 || frames == places) return i;
  if (frames > places) return i * places / frames;  // as often each
  if (frames == 1) return places - 1;
  return (i * (places - 1) + (frames - 1) / 2) / (frames - 1);  // from the first to the last
}

std::vector<Trail> trails_of(std::span<const Frame> checkpoints, const Frame& frame, double time,
                             double length) {
  constexpr double kPerCheckpoint = 12;  // vertices: a curve to the eye
  const double start = std::max(0.0, time - length);
  const auto vertices = static_cast<std::size_t>(std::ceil((time - start) * kPerCheckpoint));
  std::vector<Trail> trails;
  if (vertices == 0) return trails;
  std::vector<Places> moments;
  for (std::size_t v = 0; v <= vertices; ++v) {
    const double share = static_cast<double>(v) / static_cast<double>(vertices);
    moments.emplace_back(checkpoints, moment_of(mix(start, time, share), checkpoints.size()));
  }
  for (const OutlierEntry& entry : frame.outliers) {
    const auto index = static_cast<std::size_t>(entry.index);
    if (entry.index < 0 || 2 * index + 1 >= frame.points.size()) continue;
    Trail trail{entry.label, entry.opacity, {}};
    for (const Places& places : moments) {
      trail.path.push_back(places[2 * index]);
      trail.path.push_back(places[2 * index + 1]);
    }
    trails.push_back(std::move(trail));
  }
  return trails;
}

}  // namespace

std::size_t num_animation_frames(std::size_t num_checkpoints, const TweenOptions& options) {
  if (options.tween < 0) {
    throw UsageError("--tween " + std::to_string(options.tween) +
                     ": give the number of frames between two checkpoints, 0 or more");
  }
  return options.frames > 0 && num_checkpoints > 0 ? options.frames : num_places(num_checkpoints, options);
}

Frame animation_frame(std::span<const Frame> checkpoints, const TweenOptions& options, std::size_t i) {
  const std::size_t per_checkpoint = static_cast<std::size_t>(options.tween) + 1;
  const std::size_t place = place_of(checkpoints.size(), options, i);
  const double time = static_cast<double>(place) / static_cast<double>(per_checkpoint);
  Frame frame = place % per_checkpoint == 0 ? checkpoints[place / per_checkpoint]
                                            : between(checkpoints, moment_of(time, checkpoints.size()));
  frame.trails = trails_of(checkpoints, frame, time, options.trail);
  return frame;
}

}  // namespace zoetrope::render
