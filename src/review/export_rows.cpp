// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "exports.hpp"

namespace zoetrope::review {
namespace {

// [T, N] and [T, M] as [T, N + M]; both stay empty where `of_test` is.
template <typename T>
std::vector<T> joined(const std::vector<T>& of_test, const std::vector<T>& of_training, std::size_t frames) {
  std::vector<T> rows;
  if (of_test.empty()) return rows;
  const std::size_t test = of_test.size() / frames, training = of_training.size() / frames;
  for (std::size_t t = 0; t < frames; ++t) {
    const auto a = frame_of(of_test, t, test), b = frame_of(of_training, t, training);
    rows.insert(rows.end(), a.begin(), a.end());
    rows.insert(rows.end(), b.begin(), b.end());
  }
  return rows;
}

std::vector<std::string> joined_names(const Review& review) {
  const std::size_t test = review.analysis.num_images(), training = review.analysis.num_training();
  if (review.image_names.empty() && review.train_names.empty()) return {};
  std::vector<std::string> names = review.image_names;
  names.resize(test);
  names.insert(names.end(), review.train_names.begin(), review.train_names.end());
  names.resize(test + training);
  return names;
}

}  // namespace

std::vector<std::size_t> row_group_ends(std::span<const std::size_t> bytes) {
  constexpr std::size_t kMostRows = 16384, kMostBytes = std::size_t{256} << 20;
  std::vector<std::size_t> ends;
  std::size_t begin = 0, sum = 0;
  for (std::size_t row = 0; row < bytes.size(); ++row) {
    if (row > begin && (row - begin == kMostRows || sum + bytes[row] > kMostBytes)) {
      ends.push_back(row);
      begin = row;
      sum = 0;
    }
    sum += bytes[row];
  }
  if (!bytes.empty()) ends.push_back(bytes.size());
  return ends;
}

Review with_training_rows(const Review& review) {
  const store::Analysis& a = review.analysis;
  const std::size_t frames = a.num_frames(), training = a.num_training();
  Review all;
  all.image_names = joined_names(review);
  if (!review.train_images.pixels.empty()) {
    all.images = review.images;
    const std::vector<std::uint8_t>& more = review.train_images.pixels;
    all.images.pixels.insert(all.images.pixels.end(), more.begin(), more.end());
  }
  store::Analysis& rows = all.analysis;
  rows.step = a.step;
  rows.class_names = a.class_names;
  rows.train_index = a.train_index;
  rows.label = a.label;
  rows.label.insert(rows.label.end(), a.train_label.begin(), a.train_label.end());
  const std::vector<double> unknown(frames * training, std::numeric_limits<double>::quiet_NaN());
  rows.ood_score = joined(a.ood_score, unknown, frames);
  rows.self_confidence = joined(a.self_confidence, unknown, frames);
  rows.aligned = joined(a.aligned, a.train_aligned, frames);
  rows.prediction = joined(a.prediction, a.train_prediction, frames);
  rows.confidence = joined(a.confidence, a.train_confidence, frames);
  return all;
}

}  // namespace zoetrope::review
