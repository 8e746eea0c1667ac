// SPDX-License-Identifier: Apache-2.0
// The k nearest neighbours of every row among the other rows: exactly, or by an index, which may miss some.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/neighbour_search.hpp"
#include "zoetrope/analysis/team.hpp"
#include "zoetrope/analysis/tensor_device.hpp"

namespace zoetrope::analysis {

enum class Metric { kCosine, kEuclidean };

// cleanlab's choice: cosine where the rows have more than 3 columns.
Metric metric_for(std::int64_t num_columns);

struct Neighbours {
  std::int64_t k = 0;
  std::vector<std::int64_t> index;  // [N, k], nearest first, ties by index; a row is not its own neighbour
  std::vector<double> distance;     // [N, k]; rows exactly equal to one another are at distance exactly 0
};

// How near some rows are to some others, among all rows.
struct RankQuery {
  std::vector<std::int64_t> rows;    // ascending
  std::vector<std::int64_t> others;  // [rows, any number], none of them the row itself
  // The answer, in the order of `others`: 1 more than there are rows, but the row itself, that are nearer, or
  // as near and of a smaller number.
  std::vector<std::int64_t> ranks;
};

// How a search computes. Neighbours are the same bits whatever device, team and block_rows are.
struct SearchContext {
  TensorDevice device = std::nullopt;  // makes the products
  Team* team = nullptr;                // each rank of which makes its share of them
  std::int64_t block_rows = 0;         // see nearest_neighbours()
  IndexedSearch* index = nullptr;      // null: the search is exact, as with SearchMethod::kExact
};

// `rows`: float32 [N, D], finite, on the CPU. k is cut to N - 1. Candidates come from float32 matrix products
// in blocks, each pair of rows once; their distances are settled in float64, and a row whose candidate list
// could have missed a neighbour (by the float32 error bound) is searched again in float64: the result equals
// a float64 brute-force search, the same bits whatever the number of threads (at::get_num_threads). Beside
// `rows` it takes twice their memory and about 1 kB a row. A row with a norm below 10 eps (float32), as a row
// of zeros, is at cosine distance 1 to every row that does not equal it, as in scikit-learn. Throws
// InputError with fewer than 2 rows, no columns or k below 1, and on a value that is not finite, naming the
// row.
// A `query` is answered by the way, from the same products: exactly, too, and with the same bits.
// With an index, and kLeastIndexedRows distinct rows or more, some neighbours may be others than the nearest:
// its recall says how many. Their distances are as exact, the bits as much the same, equal rows are all
// found, and a query is answered as exactly. The index is on cores, takes the rows' memory once more, and is
// made by each rank of a team.
// With block_rows the rows' memory is a file's, of which some is there at a time (support/mapped_memory.hpp):
// the exact search on cores then takes none of its own but for the 1 kB a row, and looks at two blocks of so
// many rows after the other. The same bits.
Neighbours nearest_neighbours(const at::Tensor& rows, std::int64_t k, Metric metric,
                              const SearchContext& context = {}, RankQuery* query = nullptr);

// The answer to `query` as nearest_neighbours() gives it, for neighbours that are known, in less time. No
// index is used.
void answer(const at::Tensor& rows, Metric metric, RankQuery& query, const SearchContext& context = {});

}  // namespace zoetrope::analysis
