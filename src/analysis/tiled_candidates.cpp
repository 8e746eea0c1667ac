// SPDX-License-Identifier: Apache-2.0
#include "tiled_candidates.hpp"

#include <algorithm>
#include <mutex>

#include "zoetrope/compute/tasks.hpp"

#include "float_products.hpp"

namespace zoetrope::analysis {

Tiling::Tiling(std::int64_t num_rows, std::int64_t num_threads, std::int64_t block_rows)
    : num_rows_(num_rows),
      width_(std::clamp<std::int64_t>(num_rows / (4 * num_threads), 128, CandidateLists::kMaxTileColumns)),
      together_(block_rows == 0 ? std::max<std::int64_t>(1, blocks())
                                : std::max<std::int64_t>(1, block_rows / width_)) {}

std::int64_t Tiling::rows(std::int64_t block) const {
  return std::min(width_, num_rows_ - first(block));
}

std::vector<std::pair<std::int64_t, std::int64_t>> Tiling::tiles(Team* team) const {
  const std::int64_t rank = team == nullptr ? 0 : team->rank(), size = team == nullptr ? 1 : team->size();
  std::vector<std::pair<std::int64_t, std::int64_t>> mine;
  std::int64_t number = 0;
  const auto add = [&](support::Range rows, support::Range columns) {
    for (std::int64_t distance = std::max<std::int64_t>(0, columns.begin - rows.end + 1);
         distance < columns.end - rows.begin; ++distance) {
      const std::int64_t end = std::min(rows.end, columns.end - distance);
      for (std::int64_t i = std::max(rows.begin, columns.begin - distance); i < end; ++i)
        if (number++ % size == rank) mine.emplace_back(i, i + distance);
    }
  };
  for (std::int64_t i = 0; i < blocks(); i += together_)
    for (std::int64_t j = i; j < blocks(); j += together_)
      add({i, std::min(i + together_, blocks())}, {j, std::min(j + together_, blocks())});
  return mine;
}

void collect_candidates(const SearchSpace& space, const Tiling& tiling, Team* team, CandidateLists& lists,
                        RankCounter* ranks) {
  const auto tiles = tiling.tiles(team);
  std::vector<std::mutex> block_lock(tiling.blocks());
  compute::for_each_task(static_cast<std::int64_t>(tiles.size()), [&](std::int64_t t) {
    const auto [i, j] = tiles[t];
    const at::Tensor a = space.centred(tiling.range(i));
    const at::Tensor products = float_products(a, i == j ? a : space.centred(tiling.range(j)));
    const Tile tile{products.const_data_ptr<float>(), tiling.first(i), tiling.rows(i), tiling.first(j),
                    tiling.rows(j)};
    RankCounter::Counts counts;
    if (ranks != nullptr && i == j) products.diagonal().fill_(-kInfinity);
    if (ranks != nullptr) counts = ranks->count(tile);
    std::unique_lock row_lock(block_lock[i]);
    std::unique_lock column_lock(block_lock[j], std::defer_lock);
    if (i != j) column_lock.lock();  // i < j: always in the same order, so no two threads wait for each other
    lists.add(tile, space.offsets());
    if (ranks != nullptr) ranks->add(tile, counts);
  });
}

}  // namespace zoetrope::analysis
