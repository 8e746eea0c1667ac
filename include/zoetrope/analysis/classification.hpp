// SPDX-License-Identifier: Apache-2.0
// What a classifier's logits say of images whose labels are known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace zoetrope::analysis {

struct Classification {
  std::vector<std::int64_t> prediction;  // [N], the most probable class, the smallest where several are
  std::vector<double> confidence;        // [N], its softmax probability
  std::vector<double> self_confidence;   // [N], the label's: cleanlab's label quality score "self_confidence"
  double accuracy = 0;                   // fraction of images whose prediction is their label
  double loss = 0;  // mean cross-entropy of images whose label is a class; NaN where none is
};

// `logits`: [N, num_classes], row-major; num_classes >= 1; a label that is no class has self-confidence 0.
Classification classify(std::span<const float> logits, std::size_t num_classes,
                        std::span<const std::int64_t> labels);

}  // namespace zoetrope::analysis
