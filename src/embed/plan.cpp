// SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include <algorithm>

namespace zoetrope::embed {

std::vector<Assignment> deal(std::size_t num_items, int rank, int world_size) {
  std::vector<Assignment> rounds;
  const auto ranks = static_cast<std::size_t>(world_size), me = static_cast<std::size_t>(rank);
  std::size_t item = 0;
  for (; num_items - item >= ranks; item += ranks) rounds.push_back({item + me, rank, 0, 1});
  if (const std::size_t groups = num_items - item; groups > 0) {
    const std::size_t group = me * groups / ranks;
    const std::size_t first = (group * ranks + groups - 1) / groups;  // the smallest rank of this group
    const std::size_t end = ((group + 1) * ranks + groups - 1) / groups;
    rounds.push_back(
        {item + group, static_cast<int>(group), static_cast<int>(me - first), static_cast<int>(end - first)});
  }
  return rounds;
}

std::vector<support::Range> blocks_of(const std::vector<support::Range>& missing, std::int64_t block_size,
                                      std::int64_t max_blocks) {
  std::vector<support::Range> ranges;
  std::int64_t next = 0;  // blocks before this one are taken already
  for (const auto& [first, last] : missing) {
    const std::int64_t end = (last + block_size - 1) / block_size;
    for (std::int64_t block = std::max(next, first / block_size); block < end; block += max_blocks)
      ranges.push_back({block, std::min(block + max_blocks, end)});
    next = std::max(next, end);
  }
  return ranges;
}

std::vector<support::Range> share_blocks(const std::vector<support::Range>& ranges, int group_rank,
                                         int group_size) {
  std::int64_t total = 0;
  for (const auto& [first, last] : ranges) total += last - first;
  const std::int64_t begin = total * group_rank / group_size, end = total * (group_rank + 1) / group_size;
  std::vector<support::Range> mine;
  std::int64_t at = 0;
  for (const auto& [first, last] : ranges) {
    const std::int64_t from = std::max(begin - at, std::int64_t{0}), to = std::min(end - at, last - first);
    if (from < to) mine.push_back({first + from, first + to});
    at += last - first;
  }
  return mine;
}

}  // namespace zoetrope::embed
