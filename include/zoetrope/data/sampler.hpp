// SPDX-License-Identifier: Apache-2.0
// Which images make up which optimizer step: a function of (seed, epoch) alone, so that any number of ranks
// trains on the same batches and a resumed run sees what the uninterrupted one would have.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace zoetrope::data {

// A permutation of 0..n-1: Fisher-Yates driven by SplitMix64 seeded from (seed, epoch), with unbiased bounded
// draws (Lemire). Defined here and not by the standard library, whose std::shuffle differs between vendors.
std::vector<std::int64_t> epoch_order(std::uint64_t seed, std::int64_t epoch, std::int64_t n);

struct Sampler {
  std::uint64_t seed = 42;
  std::int64_t num_images = 0;
  std::int64_t batch_size = 32;  // per optimizer step, over all ranks

  // As Trainer without drop_last: the last step of an epoch has what is left.
  std::int64_t steps_per_epoch() const { return (num_images + batch_size - 1) / batch_size; }
  // The images of 0-based global step `step`, in order. Caches the epoch's permutation.
  std::vector<std::int64_t> batch(std::int64_t step);

 private:
  std::int64_t cached_epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace zoetrope::data
