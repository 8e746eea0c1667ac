// SPDX-License-Identifier: Apache-2.0
// Numbers of files that are within what they can be. What is computed from them, drawn and counted needs no
// other care: no product of them overflows, each fits an integer where it becomes one.
#pragma once

#include <cmath>
#include <cstdint>

namespace zoetrope::store {

// A double counts that far without gaps.
constexpr std::int64_t kMostSteps = std::int64_t{1} << 53;
constexpr double kMostEpochs = 1e12;
// Of embeddings in float32 all results are below, and so are the squares of these.
constexpr double kGreatestResult = 1e100;

inline bool is_step(std::int64_t value) {
  return value >= 0 && value <= kMostSteps;
}
// False for NaN, as the next.
inline bool is_epoch(double value) {
  return value >= 0 && value <= kMostEpochs;
}
inline bool is_result(double value) {
  return std::abs(value) <= kGreatestResult;
}
// NaN stands for what is not known.
inline bool is_result_or_unknown(double value) {
  return std::isnan(value) || is_result(value);
}

}  // namespace zoetrope::store
