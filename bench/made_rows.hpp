// SPDX-License-Identifier: Apache-2.0
// Embeddings for measurements.
#pragma once

#include <cstdint>

#include <ATen/ATen.h>

#include "zoetrope/support/random.hpp"

namespace zoetrope::bench {

inline constexpr std::int64_t kClasses = 10;

// Uniform in [-1, 1), from the counter alone, so that the peer makes the same numbers.
inline float noise(std::uint64_t counter) {
  const std::uint64_t bits = support::SplitMix64(counter).next();
  return static_cast<float>(bits >> 40) / static_cast<float>(1 << 23) - 1.0F;
}

// Ten classes: a centre each, and noise around it.
inline at::Tensor make_rows(std::int64_t count, std::int64_t width, std::int64_t set) {
  at::Tensor rows = at::empty({count, width}, at::kFloat);
  float* data = rows.mutable_data_ptr<float>();
  const std::uint64_t seed = static_cast<std::uint64_t>(set + 1) << 40;
  for (std::int64_t at = 0; at < rows.numel(); ++at) {
    const std::int64_t label = at / width % kClasses;
    const auto centre = static_cast<std::uint64_t>(label * width + at % width);
    data[at] = noise(centre) + noise(seed + static_cast<std::uint64_t>(at));
  }
  return rows;
}

}  // namespace zoetrope::bench
