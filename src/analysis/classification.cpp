// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/classification.hpp"

#include <algorithm>
#include <cmath>

namespace zoetrope::analysis {

Classification classify(std::span<const float> logits, std::size_t num_classes,
                        std::span<const std::int64_t> labels) {
  Classification result;
  std::size_t correct = 0, num_known = 0;
  double loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = logits.subspan(i * num_classes, num_classes);
    const auto best = std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float logit : row) sum += std::exp(static_cast<double>(logit) - static_cast<double>(*best));
    const std::int64_t predicted = best - row.begin();
    const bool known = labels[i] >= 0 && labels[i] < static_cast<std::int64_t>(num_classes);
    const double given =
        known ? static_cast<double>(row[static_cast<std::size_t>(labels[i])]) - static_cast<double>(*best)
              : 0;
    result.prediction.push_back(predicted);
    result.confidence.push_back(1 / sum);
    result.self_confidence.push_back(known ? std::exp(given) / sum : 0);
    if (predicted == labels[i]) ++correct;
    if (!known) continue;
    ++num_known;
    loss += std::log(sum) - given;
  }
  result.loss = loss / static_cast<double>(num_known);
  result.accuracy = labels.empty() ? 0 : static_cast<double>(correct) / static_cast<double>(labels.size());
  return result;
}

}  // namespace zoetrope::analysis
