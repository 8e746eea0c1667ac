// SPDX-License-Identifier: Apache-2.0
// Which way neighbours are found: exactly, or approximately, by an index of FAISS that is made of the rows.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "zoetrope/analysis/tensor_device.hpp"

namespace zoetrope::analysis {

enum class SearchMethod {
  kExact,
  kHnsw,  // Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
          // Navigable Small World graphs" (2020)
  kIvf    // lists of rows around centres of k-means, of which a few are searched: Jegou et al., "Product
          // quantization for nearest neighbor search" (2011), IVFADC without its compression
};

// The words of --neighbour-search, which analysis.h5 holds, too.
inline constexpr std::array<std::pair<std::string_view, SearchMethod>, 3> kSearchMethods = {
    {{"exact", SearchMethod::kExact}, {"hnsw", SearchMethod::kHnsw}, {"ivf", SearchMethod::kIvf}}};
constexpr std::string_view word_of(SearchMethod method) {
  for (const auto& [word, named] : kSearchMethods)
    if (named == method) return word;
  return "";
}

// Fewer rows than these are searched exactly, whatever is asked for: no index is quicker, and k-means has too
// few of them.
constexpr std::int64_t kLeastIndexedRows = 1000;

// "" where this build has no FAISS.
std::string faiss_version();

// What decides, beside the rows and k, which neighbours an index finds: "FAISS 1.7.3, M 32, ...". "" of the
// exact search.
std::string parameters_of(SearchMethod method);

// A search by an index, and what it left undone.
struct IndexedSearch {
  SearchMethod method = SearchMethod::kHnsw;
  std::int64_t recall_neighbours = 10;  // K: the recall is that of each row's first K
  // The answer: of the K nearest of each of 1,000 rows, always the same ones, the share that was found. A row
  // found that is as near as the K-th nearest counts, as in Aumueller et al., "ANN-Benchmarks" (2020). NaN
  // with kExact.
  double recall = 1;
};

// About how long the exact search takes, by one of 4,096 made-up rows: it grows with the square of their
// number.
double seconds_of_exact_search(std::int64_t num_rows, std::int64_t num_columns, std::int64_t k,
                               TensorDevice device);

}  // namespace zoetrope::analysis
