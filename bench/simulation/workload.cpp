// SPDX-License-Identifier: Apache-2.0
#include "workload.hpp"

#include <algorithm>
#include <cmath>

namespace simulation {

double Workload::batch(int ranks) const {
  return std::min(images_of_rank * ranks, largest_batch);
}

std::int64_t Workload::steps(int ranks) const {
  return static_cast<std::int64_t>(epochs * std::ceil(training_images / batch(ranks)));
}

double Workload::computing(const Platform& platform, int ranks) const {
  return platform.step_overhead + std::ceil(batch(ranks) / ranks) * training_flops / platform.training_flops;
}

double Workload::embedding(const Platform& platform, int ranks) const {
  const double blocks = std::ceil(test_images / platform.embedding_block);
  return std::ceil(blocks / ranks) * platform.embedding_block * embedding_flops / platform.embedding_flops;
}

std::vector<double> Workload::buckets() const {
  std::vector<double> sizes;
  double left = weight_bytes(), next = 1 << 20;
  for (; left > 0; left -= next, next = 25 << 20) {
    next = std::min(next, left);
    sizes.push_back(next);
  }
  return sizes;
}

double Costs::frame(const Workload& work) const {
  const double n = work.test_images, d = work.hidden;
  const double rows = n > sampled_above ? sample : n;
  return search * n * n * d + ranks * rows * n * d + products * n * d * d;
}

}  // namespace simulation
