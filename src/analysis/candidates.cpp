// SPDX-License-Identifier: Apache-2.0
#include "candidates.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "score_kernels.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kFlagsPerWord = 8;

using Flags = std::array<std::uint8_t, CandidateLists::kMaxTileColumns>;
using Thresholds = std::array<float, CandidateLists::kMaxTileColumns>;

// Thresholds of the columns of a tile on the diagonal, where products count for their row only.
constexpr Thresholds kNothingPasses = [] {
  Thresholds thresholds{};
  for (float& t : thresholds) t = kInfinity;
  return thresholds;
}();

// Flags are rare: they are looked for eight at a time.
template <typename Visit>
void for_each_flag(const Flags& flags, std::int64_t count, const Visit& visit) {
  for (std::int64_t first = 0; first < count; first += kFlagsPerWord) {
    std::uint64_t word = 0;
    std::memcpy(&word, flags.data() + first, sizeof word);
    if constexpr (std::endian::native == std::endian::little) {
      for (; word != 0; word &= word - 1) visit(first + std::countr_zero(word) / 8);
    } else {
      for (std::int64_t j = first; word != 0 && j < first + kFlagsPerWord; ++j) {
        if (flags[j] != 0) visit(j);
      }
    }
  }
}

bool better(const Candidate& a, const Candidate& b) {
  return a.score > b.score;
}

}  // namespace

CandidateLists::CandidateLists(std::int64_t num_rows, std::int64_t keep)
    : keep_(keep),
      capacity_(std::min(num_rows, keep + std::max<std::int64_t>(keep, 48))),
      storage_(num_rows * capacity_),
      count_(num_rows, 0),
      threshold_(num_rows, -kInfinity) {}

void CandidateLists::add(const Tile& tile, const std::vector<float>& offsets) {
  alignas(64) Flags flags{};
  const float* column_offsets = offsets.data() + tile.first_column;
  const float* column_thresholds =
      tile.on_diagonal() ? kNothingPasses.data() : threshold_.data() + tile.first_column;
  for (std::int64_t r = 0; r < tile.num_rows; ++r) {
    const float* products = tile.products + r * tile.num_columns;
    const std::int64_t i = tile.first_row + r;
    flag_wanted(products, column_offsets, threshold_[i], column_thresholds, offsets[i], tile.num_columns,
                flags.data());
    for_each_flag(flags, tile.num_columns, [&](std::int64_t c) {
      const std::int64_t j = tile.first_column + c;
      if (i != j) consider(i, products[c] + column_offsets[c], j);
      if (!tile.on_diagonal()) consider(j, products[c] + offsets[i], i);
    });
  }
}

void CandidateLists::consider(std::int64_t row, float score, std::int64_t other) {
  if (!(score > threshold_[row])) return;
  if (count_[row] == capacity_) {
    shrink(row);
    if (!(score > threshold_[row])) return;
  }
  list(row)[count_[row]++] = {score, static_cast<std::int32_t>(other)};
}

void CandidateLists::shrink(std::int64_t row) {
  Candidate* const begin = list(row);
  std::nth_element(begin, begin + keep_ - 1, begin + count_[row], better);
  count_[row] = keep_;
  threshold_[row] = begin[keep_ - 1].score;
}

void CandidateLists::assign(std::int64_t row, std::span<const float> scores, const std::int64_t* others,
                            float threshold) {
  count_[row] = static_cast<std::int64_t>(scores.size());
  for (std::size_t c = 0; c < scores.size(); ++c)
    list(row)[c] = {scores[c], static_cast<std::int32_t>(others[c])};
  threshold_[row] = threshold;
}

std::span<const Candidate> CandidateLists::sorted(std::int64_t row) {
  std::sort(list(row), list(row) + count_[row], better);
  return {list(row), static_cast<std::size_t>(count_[row])};
}

}  // namespace zoetrope::analysis
