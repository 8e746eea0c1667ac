// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "zoetrope/review/review.hpp"

namespace zoetrope::review {

std::vector<std::int64_t> forgetting_events(const std::vector<std::int64_t>& label,
                                            const std::vector<std::int64_t>& prediction) {
  const std::size_t images = label.size();
  const std::size_t frames = images == 0 ? 0 : prediction.size() / images;
  std::vector<std::int64_t> events(images, -1);
  for (std::size_t i = 0; i < images; ++i) {
    bool was_right = false;
    for (std::size_t t = 0; t < frames; ++t) {
      const bool is_right = prediction[t * images + i] == label[i];
      if (is_right) events[i] = std::max<std::int64_t>(events[i], 0);
      if (was_right && !is_right) ++events[i];
      was_right = is_right;
    }
  }
  return events;
}

std::vector<std::int64_t> ascending_ranks(const double* values, std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [values](std::size_t a, std::size_t b) {
    const bool a_is_number = !std::isnan(values[a]);
    const bool b_is_number = !std::isnan(values[b]);
    if (a_is_number != b_is_number) return a_is_number;
    if (a_is_number && values[a] != values[b]) return values[a] < values[b];
    return a < b;
  });
  std::vector<std::int64_t> ranks(count);
  for (std::size_t place = 0; place < count; ++place)
    ranks[order[place]] = static_cast<std::int64_t>(place) + 1;
  return ranks;
}

std::vector<std::int64_t> label_issue_ranks(const store::Analysis& analysis) {
  if (analysis.self_confidence.empty()) return {};
  const std::size_t images = analysis.num_images();
  return ascending_ranks(analysis.self_confidence.data() + (analysis.num_frames() - 1) * images, images);
}

}  // namespace zoetrope::review
