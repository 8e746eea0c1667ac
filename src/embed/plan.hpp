// SPDX-License-Identifier: Apache-2.0
// What is to be embedded by whom: checkpoints are dealt to groups of ranks, rows within a group, so that few
// checkpoints on many ranks and many checkpoints on few ranks both keep all ranks busy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "zoetrope/support/range.hpp"

namespace zoetrope::embed {

// One rank's part in one round.
struct Assignment {
  std::size_t item = 0;  // index of the checkpoint
  int group = 0;         // ranks with the same item have the same group
  int group_rank = 0;
  int group_size = 1;
};

// Rounds of this rank for `num_items` checkpoints. In each round every rank has exactly one item; while there
// are at least as many items as ranks a rank works alone, and the rest are shared by groups that differ in
// size by at most one rank.
std::vector<Assignment> deal(std::size_t num_items, int rank, int world_size);

// The blocks that hold at least one of the `missing` rows, split into runs of at most `max_blocks`.
std::vector<support::Range> blocks_of(const std::vector<support::Range>& missing, std::int64_t block_size,
                                      std::int64_t max_blocks);

// The share of `ranges` for one rank of a group: as many blocks as the others', or one less.
std::vector<support::Range> share_blocks(const std::vector<support::Range>& ranges, int group_rank,
                                         int group_size);

}  // namespace zoetrope::embed
