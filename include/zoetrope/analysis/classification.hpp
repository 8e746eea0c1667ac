// SPDX-License-Identifier: Apache-2.0
// What a classifier's logits say of images whose labels are known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

struct Classification {
  std::vector<std::int64_t> prediction;  // [N], the most probable class, the smallest where several are
  std::vector<double> confidence;        // [N], its softmax probability
  // [N], cleanlab 2.9's label quality scores (cleanlab.rank.get_label_quality_scores), 0 of a wrong label, 1
  // of a right one. The last falls to 0 where the model is certain, whatever the label.
  std::vector<double> self_confidence;              // the label's probability
  std::vector<double> normalized_margin;            // (it - that of the strongest other class + 1) / 2
  std::vector<double> confidence_weighted_entropy;  // ln(1 + w) / w, w = entropy / ln classes / it
  // [N], as FiftyOne has them (fiftyone-brain 0.24.0, fiftyone/brain/internal/core/hardness.py and
  // mistakenness.py).
  std::vector<double> hardness;  // the entropy in nats
  std::vector<double>
      mistakenness;     // (1 - confidence) / 2 where the prediction is the label, else (1 + ...) / 2
  double accuracy = 0;  // fraction of images whose prediction is their label
  double loss = 0;      // mean cross-entropy of images whose label is a class; NaN where none is
};

// `labels`: [N]; a label that is no class has probability 0.
Classification classify(const Softmax& probability, std::span<const std::int64_t> labels);

}  // namespace zoetrope::analysis
