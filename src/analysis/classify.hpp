// SPDX-License-Identifier: Apache-2.0
// From a classifier's logits to what it says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "zoetrope/analysis/classification.hpp"

namespace zoetrope::analysis {

// The softmax of rows of logits, [N, num_classes], a value at a time: all of them would take twice the
// logits' memory. The logits must outlive it.
class Softmax {
 public:
  // `logits`: row-major; num_classes >= 1.
  Softmax(std::span<const float> logits, std::size_t num_classes);

  std::size_t size() const { return rows_.size(); }
  std::size_t num_classes() const { return num_classes_; }
  // Of row i: the probability of class c, and its logarithm.
  double operator()(std::size_t i, std::size_t c) const;
  double log(std::size_t i, std::size_t c) const;
  // The most probable class, the smallest where several are.
  std::size_t most_probable(std::size_t i) const { return rows_[i].best; }
  // The probability of the most probable class but c; 0 where there is no other.
  double strongest_but(std::size_t i, std::size_t c) const;
  // -sum of p ln p, at least 0.
  double entropy(std::size_t i) const;

 private:
  struct Row {
    std::size_t best;
    double sum, weighted;  // of exp(d), and of d exp(d), d = logit - largest logit
  };
  // Its logit less the row's largest.
  double below_best(std::size_t i, std::size_t c) const;

  std::span<const float> logits_;
  std::size_t num_classes_;
  std::vector<Row> rows_;
};

// `labels`: [N]; a label that is no class has probability 0.
Classification classify(const Softmax& probability, std::span<const std::int64_t> labels);

}  // namespace zoetrope::analysis
