// SPDX-License-Identifier: Apache-2.0
// What a classifier says of images whose labels are known.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace zoetrope::analysis {

// Without a classifier its vectors are empty and its numbers NaN.
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
  // (1 - confidence) / 2 where the prediction is the label, else (1 + confidence) / 2
  std::vector<double> mistakenness;
  // The fraction of images whose prediction is their label, and the mean cross-entropy of those whose label
  // is a class, NaN where none is.
  double accuracy = std::numeric_limits<double>::quiet_NaN();
  double loss = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace zoetrope::analysis
