// SPDX-License-Identifier: Apache-2.0
// For every row the rows with the highest scores so far, fed with tiles of the matrix of products.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace zoetrope::analysis {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Candidate {
  float score;
  std::int32_t row;
};

// Products a_i.a_j of the rows i in [first_row, first_row + num_rows) with the rows j in [first_column,
// first_column + num_columns), row by row. The two ranges are the same (a tile on the diagonal) or disjoint.
struct Tile {
  const float* products;
  std::int64_t first_row, num_rows;
  std::int64_t first_column, num_columns;
  bool on_diagonal() const { return first_row == first_column; }
};

// A row's list takes every score above its threshold; when it is full, the best `keep` stay and the lowest of
// them becomes the threshold. So a score costs one comparison, and a selection now and then.
class CandidateLists {
 public:
  static constexpr std::int64_t kMaxTileColumns = 512;

  CandidateLists(std::int64_t num_rows, std::int64_t keep);

  // `offsets`: h of all rows. Every product serves both of its rows, except on the diagonal, where each pair
  // is there twice. Two threads may add tiles at once when the tiles share no row.
  void add(const Tile& tile, const std::vector<float>& offsets);

  // Makes these rows the list of `row`; all others have scores of at most `threshold`.
  void assign(std::int64_t row, std::span<const float> scores, const std::int64_t* others, float threshold);

  // The list of a row, best score first.
  std::span<const Candidate> sorted(std::int64_t row);
  // Rows that are not in the list have scores of at most this; -infinity where all rows are in it.
  float threshold(std::int64_t row) const { return threshold_[row]; }

 private:
  void consider(std::int64_t row, float score, std::int64_t other);
  void shrink(std::int64_t row);
  Candidate* list(std::int64_t row) { return storage_.data() + row * capacity_; }

  std::int64_t keep_;
  std::int64_t capacity_;           // at least 48 more than keep: selections are rare, and lists still small
  std::vector<Candidate> storage_;  // [N, capacity]
  std::vector<std::int64_t> count_;
  std::vector<float> threshold_;
};

}  // namespace zoetrope::analysis
