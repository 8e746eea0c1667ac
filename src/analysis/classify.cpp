// SPDX-License-Identifier: Apache-2.0
#include "classify.hpp"

#include <algorithm>
#include <cmath>

#include "zoetrope/support/mapped_memory.hpp"

namespace zoetrope::analysis {

namespace {

constexpr std::size_t kRowsAtATime = 64;  // of logits that are mapped

// get_confidence_weighted_entropy_for_each_label, with its clipping (cleanlab/internal/constants.py,
// CLIPPING_LOWER_BOUND) and the rounding of its 1 + w.
double weighted_entropy(double entropy, std::size_t num_classes, double self_confidence) {
  constexpr double kLeast = 1e-6;
  const double most = std::log(static_cast<double>(num_classes));
  const double weighted = num_classes > 1 ? entropy / most / std::max(self_confidence, kLeast) : 0;
  return std::log(weighted + 1) / std::max(weighted, kLeast);
}

}  // namespace

Softmax::Softmax(std::span<const float> logits, std::size_t num_classes)
    : logits_(logits), num_classes_(num_classes) {
  rows_.reserve(logits.size() / num_classes);
  for (std::size_t first = 0; first + num_classes <= logits.size(); first += num_classes) {
    if (rows_.size() % kRowsAtATime == 0) support::keep_mapped_limit();
    const auto row = logits.subspan(first, num_classes);
    const auto best = std::max_element(row.begin(), row.end());
    double sum = 0, weighted = 0;
    for (const float logit : row) {
      const double below = static_cast<double>(logit) - static_cast<double>(*best);
      const double part = std::exp(below);
      sum += part;
      if (part > 0) weighted += below * part;  // 0 times infinity is none
    }
    rows_.push_back({static_cast<std::size_t>(best - row.begin()), sum, weighted});
  }
}

double Softmax::below_best(std::size_t i, std::size_t c) const {
  const float* row = logits_.data() + i * num_classes_;
  return static_cast<double>(row[c]) - static_cast<double>(row[rows_[i].best]);
}

double Softmax::operator()(std::size_t i, std::size_t c) const {
  return std::exp(below_best(i, c)) / rows_[i].sum;
}

double Softmax::log(std::size_t i, std::size_t c) const {
  return below_best(i, c) - std::log(rows_[i].sum);
}

double Softmax::strongest_but(std::size_t i, std::size_t c) const {
  if (rows_[i].best != c) return (*this)(i, rows_[i].best);
  if (num_classes_ == 1) return 0;
  std::size_t strongest = c == 0 ? 1 : 0;
  const float* row = logits_.data() + i * num_classes_;
  for (std::size_t other = strongest + 1; other < num_classes_; ++other)
    if (other != c && row[other] > row[strongest]) strongest = other;
  return (*this)(i, strongest);
}

double Softmax::entropy(std::size_t i) const {
  return std::max(0.0, std::log(rows_[i].sum) - rows_[i].weighted / rows_[i].sum);
}

Classification classify(const Softmax& probability, std::span<const std::int64_t> labels) {
  Classification result;
  std::size_t correct = 0, num_known = 0;
  double loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i % kRowsAtATime == 0) support::keep_mapped_limit();
    const std::size_t predicted = probability.most_probable(i);
    const auto label = static_cast<std::size_t>(labels[i]);
    const bool known = labels[i] >= 0 && label < probability.num_classes(),
               right = known && predicted == label;
    const double confidence = probability(i, predicted), given = known ? probability(i, label) : 0;
    const double other = known ? probability.strongest_but(i, label) : confidence;
    const double entropy = probability.entropy(i);
    result.prediction.push_back(static_cast<std::int64_t>(predicted));
    result.confidence.push_back(confidence);
    result.self_confidence.push_back(given);
    result.normalized_margin.push_back((given - other + 1) / 2);
    result.confidence_weighted_entropy.push_back(weighted_entropy(entropy, probability.num_classes(), given));
    result.hardness.push_back(entropy);
    result.mistakenness.push_back(((right ? -confidence : confidence) + 1) / 2);
    if (right) ++correct;
    if (!known) continue;
    ++num_known;
    loss -= probability.log(i, label);
  }
  result.loss = loss / static_cast<double>(num_known);
  result.accuracy = labels.empty() ? 0 : static_cast<double>(correct) / static_cast<double>(labels.size());
  return result;
}

}  // namespace zoetrope::analysis
