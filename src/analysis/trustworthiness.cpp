// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <span>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"

#include "rows.hpp"
#include "score_kernels.hpp"
#include "search_space.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kPointsPerTask = 32;

at::Tensor as_rows(const Points& points) {
  at::Tensor rows = at::empty({points.rows(), 2}, at::kFloat);
  std::copy_n(points.data(), points.size(), rows.mutable_data_ptr<float>());
  return rows;
}

// The sum over row i's neighbours in the picture of how far their rank in the embedding is beyond k.
std::int64_t rank_excess(const float* products, const std::vector<float>& offsets, std::int64_t i,
                         std::span<const std::int64_t> in_picture) {
  const auto count = static_cast<std::int64_t>(offsets.size());
  const auto k = static_cast<std::int64_t>(in_picture.size());
  const auto score = [&](std::int64_t j) { return products[j] + offsets[j]; };
  std::int64_t excess = 0;
  for (const std::int64_t j : in_picture) {
    const std::int64_t nearer =
        count_above(products, offsets.data(), score(j), count) - (score(i) > score(j) ? 1 : 0);
    excess += std::max<std::int64_t>(0, nearer + 1 - k);
  }
  return excess;
}

}  // namespace

double trustworthiness(const at::Tensor& rows, const Points& points, std::int64_t k, Metric metric) {
  const at::Tensor checked = checked_rows(rows, 3, 1);
  const std::int64_t count = checked.size(0);
  if (points.rows() != count) {
    throw InputError("trustworthiness: " + std::to_string(points.rows()) + " points, but " +
                     std::to_string(count) + " embeddings");
  }
  if (k < 1 || 2 * k >= count) {
    throw InputError("trustworthiness: k is " + std::to_string(k) +
                     ", but must be at least 1 and below half of the " + std::to_string(count) + " rows");
  }
  const Neighbours in_picture = nearest_neighbours(as_rows(points), k, Metric::kEuclidean);
  const SearchSpace space(checked, metric);
  std::atomic<std::int64_t> excess{0};
  compute::for_each_range(count, kPointsPerTask, [&](std::int64_t begin, std::int64_t end) {
    const at::Tensor products = at::mm(space.centred().narrow(0, begin, end - begin), space.centred().t());
    for (std::int64_t i = begin; i < end; ++i) {
      const std::span neighbours(in_picture.index.data() + i * k, static_cast<std::size_t>(k));
      excess +=
          rank_excess(products.const_data_ptr<float>() + (i - begin) * count, space.offsets(), i, neighbours);
    }
  });
  const auto n = static_cast<double>(count);
  const auto size = static_cast<double>(k);
  return 1.0 - 2.0 / (n * size * (2 * n - 3 * size - 1)) * static_cast<double>(excess.load());
}

}  // namespace zoetrope::analysis
