// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/mapped_memory.hpp"

#include "vector_math.hpp"

namespace zoetrope::analysis {
namespace {

[[noreturn]] void refuse_row(const float* row, std::int64_t index, std::int64_t num_columns) {
  const float* bad = std::find_if_not(row, row + num_columns, [](float x) { return std::isfinite(x); });
  throw InputError(
      "embeddings: row " + std::to_string(index) + ", column " + std::to_string(bad - row) + " is " +
      std::to_string(*bad) +
      ", not a finite number; the model has diverged (try a lower --learning-rate) or the file is "
      "damaged");
}

void require_finite(const at::Tensor& rows) {
  const std::int64_t num_rows = rows.size(0);
  const std::int64_t num_columns = rows.size(1);
  const float* data = rows.const_data_ptr<float>();
  std::atomic<std::int64_t> first_bad{num_rows};
  compute::for_each_range(num_rows, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end && i < first_bad; ++i) {
      // The float64 sum of float32 squares cannot overflow: it is finite exactly where all values are.
      if (std::isfinite(dot(data + i * num_columns, data + i * num_columns, num_columns))) continue;
      std::int64_t known = first_bad;
      while (i < known && !first_bad.compare_exchange_weak(known, i)) {
      }
      return;
    }
  });
  if (first_bad < num_rows) refuse_row(data + first_bad * num_columns, first_bad, num_columns);
}

bool equal_rows(const float* x, const float* y, std::int64_t size) {
  return std::equal(x, x + size, y);
}

// Row numbers sorted by (hash, row), so that equal rows are neighbours in the order.
std::vector<std::int32_t> order_by_hash(const std::vector<std::uint64_t>& hash) {
  std::vector<std::int32_t> order(hash.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::int32_t a, std::int32_t b) { return hash[a] != hash[b] ? hash[a] < hash[b] : a < b; });
  return order;
}

// For every row the first row that equals it.
std::vector<std::int32_t> first_equal_row(const RowList& rows) {
  const std::int64_t num_rows = rows.size();
  const std::int64_t num_columns = rows.columns();
  std::vector<std::uint64_t> hash(num_rows);
  compute::for_each_range(num_rows, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) hash[i] = hash_row(rows[i], num_columns);
  });
  const std::vector<std::int32_t> order = order_by_hash(hash);
  std::vector<std::int32_t> first(num_rows);
  std::vector<std::int32_t> distinct;  // the distinct rows seen with this hash: almost always one
  for (std::int64_t i = 0; i < num_rows; ++i) {
    if (i == 0 || hash[order[i]] != hash[order[i - 1]]) distinct.clear();
    // Of a hash that no other has there is nothing to compare, and no row to look at.
    const auto same = std::find_if(distinct.begin(), distinct.end(), [&](std::int64_t other) {
      support::keep_mapped_limit();
      return equal_rows(rows[order[i]], rows[other], num_columns);
    });
    first[order[i]] = same == distinct.end() ? order[i] : *same;
    if (same == distinct.end()) distinct.push_back(order[i]);
  }
  return first;
}

}  // namespace

at::Tensor checked_rows(const at::Tensor& rows, std::int64_t least_rows, std::int64_t least_columns) {
  if (!rows.defined() || rows.dim() != 2 || rows.scalar_type() != at::kFloat || !rows.device().is_cpu()) {
    throw InputError("embeddings: a float32 matrix [rows, columns] on the CPU is needed");
  }
  const std::string shape = std::to_string(rows.size(0)) + " x " + std::to_string(rows.size(1));
  if (rows.size(0) < least_rows || rows.size(1) < least_columns) {
    throw InputError("embeddings: the matrix is " + shape + ", but at least " + std::to_string(least_rows) +
                     " rows and " + std::to_string(least_columns) +
                     " columns are needed; embed more images (--test-limit)");
  }
  if (rows.size(0) > std::numeric_limits<std::int32_t>::max()) {
    throw InputError("embeddings: the matrix is " + shape + ", more than 2^31 - 1 rows; use --test-limit");
  }
  const at::Tensor contiguous = rows.detach().contiguous();
  require_finite(contiguous);
  return contiguous;
}

RowGroups group_equal_rows(const RowList& rows) {
  const std::vector<std::int32_t> first = first_equal_row(rows);
  const auto num_rows = static_cast<std::int64_t>(first.size());
  RowGroups groups;
  groups.group_of.resize(num_rows);
  std::vector<std::int64_t> count;
  for (std::int64_t i = 0; i < num_rows; ++i) {
    if (first[i] == i) count.push_back(0);
    groups.group_of[i] =
        first[i] == i ? static_cast<std::int32_t>(count.size()) - 1 : groups.group_of[first[i]];
    ++count[groups.group_of[i]];
  }
  groups.start.assign(count.size() + 1, 0);
  std::partial_sum(count.begin(), count.end(), groups.start.begin() + 1);
  groups.member.resize(num_rows);
  std::vector<std::int64_t> next(groups.start.begin(), groups.start.end() - 1);
  for (std::int64_t i = 0; i < num_rows; ++i) {
    groups.member[next[groups.group_of[i]]++] = static_cast<std::int32_t>(i);
  }
  return groups;
}

}  // namespace zoetrope::analysis
