// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/sample.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "zoetrope/data/sampler.hpp"
#include "zoetrope/support/digest.hpp"

namespace zoetrope::data {

namespace {

constexpr std::int64_t kSampleStream = -2;  // no epoch's order, nor that of a limit

std::vector<std::int64_t> draw(std::int64_t size, std::int64_t count, std::uint64_t seed) {
  std::vector<std::int64_t> drawn(static_cast<std::size_t>(size));
  std::iota(drawn.begin(), drawn.end(), std::int64_t{0});
  if (count >= size) return drawn;
  drawn = epoch_order(seed, kSampleStream, size);
  drawn.resize(static_cast<std::size_t>(count));
  std::ranges::sort(drawn);
  return drawn;
}

}  // namespace

Sample::Sample(std::shared_ptr<const Dataset> all, std::int64_t count, std::uint64_t seed)
    : all_(std::move(all)), index_(draw(all_->size(), count, seed)) {
  support::Sha256 digest;
  digest.update("sample of " + all_->digest());
  digest.update(std::as_bytes(std::span(index_)));
  digest_ = digest.hex();
}

}  // namespace zoetrope::data
