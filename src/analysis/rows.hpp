// SPDX-License-Identifier: Apache-2.0
// Embeddings as they come in: checked, and with rows that are exactly equal found.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "row_list.hpp"

namespace zoetrope::analysis {

// Of passes over rows that do not depend on one another.
constexpr std::int64_t kRowsPerTask = 256;

// `rows` as a contiguous float32 [N, D] tensor on the CPU. Throws InputError on another type or shape, with
// fewer than `least_rows` rows or `least_columns` columns, and on a value that is not finite, naming its row.
at::Tensor checked_rows(const at::Tensor& rows, std::int64_t least_rows, std::int64_t least_columns);

// Rows with equal values (-0.0 equals 0.0, as in numpy.unique) form a group; groups are numbered by their
// first member.
struct RowGroups {
  std::vector<std::int32_t> group_of;  // [N]
  std::vector<std::int64_t> start;     // [groups + 1], into `member`
  std::vector<std::int32_t> member;    // [N], ascending within a group

  std::int64_t size() const { return static_cast<std::int64_t>(start.size()) - 1; }
  std::int32_t first(std::int64_t group) const { return member[start[group]]; }
};
// `rows`: finite, at most 2^31 - 1.
RowGroups group_equal_rows(const RowList& rows);

}  // namespace zoetrope::analysis
