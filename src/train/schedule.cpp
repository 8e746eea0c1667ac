// SPDX-License-Identifier: Apache-2.0
#include "schedule.hpp"

#include <algorithm>
#include <cmath>

namespace zoetrope::train {

LinearSchedule::LinearSchedule(double peak_learning_rate, double warmup_ratio, std::int64_t steps)
    : learning_rate(peak_learning_rate),
      warmup_steps(static_cast<std::int64_t>(std::ceil(static_cast<double>(steps) * warmup_ratio))),
      max_steps(steps) {}

double LinearSchedule::at(std::int64_t step) const {
  if (step < warmup_steps)
    return learning_rate *
           (static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup_steps)));
  const auto left = static_cast<double>(max_steps - step);
  return learning_rate *
         std::max(0.0, left / static_cast<double>(std::max<std::int64_t>(1, max_steps - warmup_steps)));
}

}  // namespace zoetrope::train
