// SPDX-License-Identifier: Apache-2.0
#include "settled.hpp"

#include <algorithm>
#include <limits>

#include <ATen/ops/from_blob.h>

#include "zoetrope/compute/tasks.hpp"

#include "shared_work.hpp"

namespace zoetrope::analysis {

namespace {

constexpr double kNowhere = std::numeric_limits<double>::infinity();
constexpr std::int64_t kRowsPerMerge = 256;

// The rows of a range, as a matrix over the values themselves.
template <typename T>
at::Tensor view_of(std::vector<T>& values, support::Range rows, std::int64_t width, at::ScalarType type) {
  return at::from_blob(values.data() + rows.begin * width, {rows.size(), width}, type);
}

// What `ranks` ranks have found of the same rows, rank by rank.
struct ListsOfRanks {
  at::Tensor index, distance, beyond;  // [ranks rows, k], [ranks rows, k], [ranks rows, 1]

  // Of row `i` of `rows`, over all ranks: the nearest, and the least of `beyond`.
  double merge(std::int64_t i, std::int64_t rows, NearestList& nearest) const {
    const std::int64_t k = index.size(1);
    double least = kNowhere;
    for (std::int64_t at = i; at < index.size(0); at += rows) {
      least = std::min(least, beyond.const_data_ptr<double>()[at]);
      for (std::int64_t n = at * k; n < (at + 1) * k; ++n) {
        const std::int64_t row = index.const_data_ptr<std::int64_t>()[n];
        if (row >= 0) nearest.offer({distance.const_data_ptr<double>()[n], row});
      }
    }
    return least;
  }
};

}  // namespace

Settled::Settled(std::int64_t num_rows, std::int64_t k)
    : nearest{k, std::vector<std::int64_t>(num_rows * k), std::vector<double>(num_rows * k)},
      beyond(num_rows) {}

void Settled::store(std::int64_t row, const NearestList& list) {
  const auto known = static_cast<std::int64_t>(list.entries().size());
  for (std::int64_t n = 0; n < nearest.k; ++n) {
    const Neighbour neighbour = n < known ? list.entries()[n] : Neighbour{kNowhere, -1};
    nearest.index[row * nearest.k + n] = neighbour.row;
    nearest.distance[row * nearest.k + n] = neighbour.distance;
  }
}

std::vector<std::int64_t> Settled::unproven(support::Range rows) const {
  std::vector<std::int64_t> open;
  for (std::int64_t i = rows.begin; i < rows.end; ++i)
    if (!(beyond[i] > nearest.distance[(i + 1) * nearest.k - 1])) open.push_back(i);
  return open;
}

void Settled::merge(Team* team) {
  if (team == nullptr) return;
  const auto num_rows = static_cast<std::int64_t>(beyond.size());
  ListsOfRanks mine;
  for (int rank = 0; rank < team->size(); ++rank) {
    const support::Range rows = support::share(num_rows, rank, team->size());
    const ListsOfRanks all{team->gather(view_of(nearest.index, rows, nearest.k, at::kLong), rank),
                           team->gather(view_of(nearest.distance, rows, nearest.k, at::kDouble), rank),
                           team->gather(view_of(beyond, rows, 1, at::kDouble), rank)};
    if (rank == team->rank()) mine = all;
  }
  const support::Range rows = share_of(num_rows, team);
  compute::for_each_range(rows.size(), kRowsPerMerge, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      NearestList list(nearest.k);
      beyond[rows.begin + i] = mine.merge(i, rows.size(), list);
      store(rows.begin + i, list);
    }
  });
}

void Settled::spread(Team* team) {
  if (team == nullptr) return;
  const support::Range rows = share_of(static_cast<std::int64_t>(beyond.size()), team);
  const at::Tensor index = team->all_gather(view_of(nearest.index, rows, nearest.k, at::kLong));
  const at::Tensor distance = team->all_gather(view_of(nearest.distance, rows, nearest.k, at::kDouble));
  std::copy_n(index.const_data_ptr<std::int64_t>(), index.numel(), nearest.index.data());
  std::copy_n(distance.const_data_ptr<double>(), distance.numel(), nearest.distance.data());
}

}  // namespace zoetrope::analysis
