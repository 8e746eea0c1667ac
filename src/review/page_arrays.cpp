// SPDX-License-Identifier: Apache-2.0
#include "page_arrays.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <string>

namespace zoetrope::review {
namespace {

// A ten thousandth of the picture's width; a score's logarithm to 0.005, of 40 at most; probabilities and
// shares to a thousandth and to a hundredth.
constexpr int kPointBits = 14;
constexpr int kDistanceBits = 13;
constexpr int kShareBits = 10;
constexpr int kQualityBits = 7;

// The square around all points of all frames, with a margin.
Quantisation quantisation_of(const std::vector<double>& points, const std::vector<double>& more) {
  double low = 0, high = 0;
  bool found = false;
  for (const std::vector<double>* some : {&points, &more})
    for (const double value : *some) {
      if (!std::isfinite(value)) continue;
      low = found ? std::min(low, value) : value;
      high = found ? std::max(high, value) : value;
      found = true;
    }
  const double margin = high > low ? 0.03 * (high - low) : 1;
  return {low - margin, high + margin, kPointBits};
}

// The last frame's values as flags.
template <typename IsSet>
std::vector<std::int64_t> last_flags(const std::vector<std::int64_t>& values, std::size_t images,
                                     IsSet is_set) {
  std::vector<std::int64_t> flags;
  for (std::size_t at = values.size() - images; at < values.size(); ++at)
    flags.push_back(is_set(values[at]) ? 1 : 0);
  return flags;
}

// The label's probability, where another class is predicted; else it is the confidence.
std::vector<double> beliefs_of(const store::Analysis& a) {
  std::vector<double> beliefs = a.self_confidence;
  for (std::size_t at = 0; at < beliefs.size(); ++at)
    if (a.prediction[at] == a.label[at % a.num_images()]) beliefs[at] = 0;
  return beliefs;
}

// Of each checkpoint, or of the last one alone where those of all would crowd out the neighbours.
std::span<const double> where_few(const std::vector<double>& values, std::size_t images) {
  constexpr std::size_t kMostValues = 200'000;
  return std::span(values).last(values.size() <= kMostValues ? values.size() : images);
}

// Mistakenness the page has from the confidence.
void pack_label_quality(const store::Analysis& a, ArrayPacker& packer) {
  if (a.normalized_margin.empty()) return;
  const std::size_t images = a.num_images();
  const double most = std::log(std::max(2.0, static_cast<double>(a.class_names.size())));
  packer.add_quantised("margin", where_few(a.normalized_margin, images), {0, 1, kShareBits}, images);
  packer.add_quantised("weightedEntropy", where_few(a.confidence_weighted_entropy, images),
                       {0, 1, kQualityBits}, images);
  packer.add_quantised("hardness", where_few(a.hardness, images), {0, most, kQualityBits}, images);
}

void pack_predictions(const store::Analysis& a, ArrayPacker& packer) {
  const std::size_t images = a.num_images();
  if (!a.prediction.empty()) {
    packer.add_small("prediction", a.prediction, images);
    packer.add_small("forgetting", forgetting_events(a.label, a.prediction));
  }
  if (!a.confidence.empty()) packer.add_quantised("confidence", a.confidence, {0, 1, kShareBits}, images);
  if (!a.prediction.empty() && !a.confidence.empty() && !a.self_confidence.empty())
    packer.add_quantised("belief", beliefs_of(a), {0, 1, kShareBits}, images);
  pack_label_quality(a, packer);
  if (const auto ranks = label_issue_ranks(a); !ranks.empty()) packer.add_integers("issueRank", ranks);
  if (!a.label_issue.empty())
    packer.add_small("labelIssue", last_flags(a.label_issue, images, [](std::int64_t v) { return v != 0; }));
}

void pack_quality(const store::Analysis& a, ArrayPacker& packer) {
  if (a.trust.empty() || a.continuity.empty()) return;
  const auto add = [&](const char* name, const std::vector<float>& values) {
    packer.add_quantised(name, std::vector<double>(values.begin(), values.end()), {0, 1, kQualityBits},
                         a.num_images());
  };
  add("trust", a.trust);
  add("continuity", a.continuity);
}

// The negative logarithms of the outlier scores: mean distances to the neighbours in units of the set's
// median.
struct Distances {
  std::vector<double> values;
  double largest = 1;
};

Distances distances_of(const std::vector<double>& scores) {
  constexpr double kLargest = 40;  // a score of 4e-18; what is smaller is shown as this
  Distances distances;
  for (const double score : scores) {
    distances.values.push_back(std::clamp(-std::log(score), 0.0, kLargest));
    distances.largest = std::max(distances.largest, distances.values.back());
  }
  return distances;
}

// As they are: where two regions meet, a rounded number would be seen when zoomed.
void pack_regions(const store::Analysis& a, ArrayPacker& packer) {
  if (a.plane_classifier.empty()) return;
  std::vector<std::int64_t> bits;
  for (const double value : a.plane_classifier)
    bits.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  packer.add_integers("regions", bits);
}

// Training images, and the test images as these see them.
void pack_training(const store::Analysis& a, PackedArrays& arrays) {
  const std::size_t training = a.num_training(), images = a.num_images();
  if (training == 0) return;
  ArrayPacker& packer = arrays.packer;
  packer.add_small("trainLabel", a.train_label);
  packer.add_integers("trainIndex", a.train_index);
  packer.add_quantised("trainPoints", a.train_aligned, arrays.quantisation, 2 * training);
  if (!a.train_prediction.empty()) packer.add_small("trainPrediction", a.train_prediction, training);
  if (!a.train_confidence.empty())
    packer.add_quantised("trainConfidence", a.train_confidence, {0, 1, kShareBits}, training);
  const Distances distances = distances_of(a.ood_vs_train);
  arrays.largest_train_distance = distances.largest;
  packer.add_quantised("trainDistance", distances.values, {0, distances.largest, kDistanceBits}, images);
  packer.add_integers("leak", {a.leak.end() - static_cast<std::ptrdiff_t>(images), a.leak.end()});
}

}  // namespace

PackedArrays pack_arrays(const Review& review) {
  const store::Analysis& analysis = review.analysis;
  const std::size_t images = analysis.num_images();
  const Distances distances = distances_of(analysis.ood_score);
  PackedArrays arrays;
  arrays.quantisation = quantisation_of(analysis.aligned, analysis.train_aligned);
  arrays.points = quantise(analysis.aligned, arrays.quantisation);
  arrays.largest_distance = distances.largest;
  ArrayPacker& packer = arrays.packer;
  packer.add_small("label", analysis.label);
  packer.add_quantised("points", analysis.aligned, arrays.quantisation, 2 * images);
  packer.add_quantised("distance", distances.values, {0, distances.largest, kDistanceBits}, images);
  packer.add_integers("outlier", analysis.outlier);
  if (analysis.num_frames() == 0) return arrays;
  const double* scores = analysis.ood_score.data();
  packer.add_integers("rankFirst", ascending_ranks(scores, images));
  packer.add_integers("rankLast", ascending_ranks(scores + (analysis.num_frames() - 1) * images, images));
  pack_predictions(analysis, packer);
  pack_quality(analysis, packer);
  pack_regions(analysis, packer);
  pack_training(analysis, arrays);
  if (!analysis.duplicate_set.empty())
    packer.add_small("duplicate",
                     last_flags(analysis.duplicate_set, images, [](std::int64_t v) { return v >= 0; }));
  return arrays;
}

}  // namespace zoetrope::review
