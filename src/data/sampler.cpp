// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/sampler.hpp"

#include <algorithm>
#include <numeric>

#include "zoetrope/support/random.hpp"

namespace zoetrope::data {

std::vector<std::int64_t> epoch_order(std::uint64_t seed, std::int64_t epoch, std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  support::SplitMix64 random(support::mix_seed(seed, static_cast<std::uint64_t>(epoch)));
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[random.below(left)]);
  }
  return order;
}

std::vector<std::int64_t> Sampler::batch(std::int64_t step) {
  const std::int64_t epoch = step / steps_per_epoch();
  if (epoch != cached_epoch_) {
    order_ = epoch_order(seed, epoch, num_images);
    cached_epoch_ = epoch;
  }
  const std::int64_t first = step % steps_per_epoch() * batch_size;
  const std::int64_t last = std::min(first + batch_size, num_images);
  return {order_.begin() + first, order_.begin() + last};
}

}  // namespace zoetrope::data
