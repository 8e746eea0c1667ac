// SPDX-License-Identifier: Apache-2.0
// transformers' get_linear_schedule_with_warmup, as Trainer sets it up.
#pragma once

#include <cstdint>

namespace zoetrope::train {

struct LinearSchedule {
  double learning_rate = 5e-5;
  std::int64_t warmup_steps = 0;
  std::int64_t max_steps = 1;

  // warmup_steps = ceil(max_steps * warmup_ratio), in double.
  LinearSchedule(double peak_learning_rate, double warmup_ratio, std::int64_t steps);

  // The rate that 0-based step `step` uses: rises from 0, then falls to 0 one step after the last.
  double at(std::int64_t step) const;
};

}  // namespace zoetrope::train
