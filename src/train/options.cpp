// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/train/options.hpp"

#include <algorithm>
#include <cmath>

namespace zoetrope::train {

support::Json TrainOptions::identity() const {
  return {{"max-steps", max_steps},
          {"batch-size", batch_size},
          {"learning-rate", learning_rate},
          {"weight-decay", weight_decay},
          {"warmup-ratio", warmup_ratio},
          {"max-grad-norm", max_grad_norm},
          {"seed", seed},
          {"save-steps", save_steps},
          {"logging-steps", logging_steps},
          {"precision", model::name_of(precision)},
          {"augment", preprocess::name_of(augmentation)}};
}

std::int64_t steps_of_epochs(double epochs, std::int64_t steps_per_epoch) {
  constexpr double kMostSteps = 0x1p53;
  return static_cast<std::int64_t>(
      std::min(std::ceil(epochs * static_cast<double>(steps_per_epoch)), kMostSteps));
}

}  // namespace zoetrope::train
