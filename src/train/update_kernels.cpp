// SPDX-License-Identifier: Apache-2.0
#include "update_kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "zoetrope/support/each_cpu.hpp"

namespace zoetrope::train {

namespace {

constexpr std::int64_t kPiece = 16384;  // elements; fixed, for the order of summation

ZOETROPE_FOR_EACH_CPU void add_and_clear_piece(std::int64_t count, float* __restrict from,
                                               float* __restrict to) {
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] += from[i];
    from[i] = 0;
  }
}

ZOETROPE_FOR_EACH_CPU double squares_of_piece(std::int64_t count, const float* x) {
  constexpr std::int64_t kSums = 32;  // side by side
  std::array<float, kSums> sums{};
  std::int64_t i = 0;
  for (; i + kSums <= count; i += kSums)
    for (std::int64_t s = 0; s < kSums; ++s) sums[static_cast<std::size_t>(s)] += x[i + s] * x[i + s];
  double sum = std::accumulate(sums.begin(), sums.end(), 0.0);
  for (; i < count; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum;
}

ZOETROPE_FOR_EACH_CPU void adamw_piece(std::int64_t count, const float* __restrict gradient,
                                       const AdamWStep& step, float* __restrict exp_avg,
                                       float* __restrict exp_avg_sq, float* __restrict values) {
  const AdamWStep s = step;
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = s.gradient_factor * gradient[i];
    const float m = exp_avg[i] + s.exp_avg_weight * (g - exp_avg[i]);
    const float v = s.beta2 * exp_avg_sq[i] + s.exp_avg_sq_weight * g * g;
    exp_avg[i] = m;
    exp_avg_sq[i] = v;
    values[i] = s.value_factor * values[i] - s.step_size * m / (std::sqrt(v) * s.denominator_factor + s.eps);
  }
}

// Calls function(first, count) for every piece of `size` elements.
template <typename Function>
void for_each_piece(std::int64_t size, const Function& function) {
  at::parallel_for(0, (size + kPiece - 1) / kPiece, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece)
      function(piece * kPiece, std::min(kPiece, size - piece * kPiece));
  });
}

}  // namespace

void add_and_clear(const at::Tensor& from, const at::Tensor& to) {
  float* const source = from.mutable_data_ptr<float>();
  float* const sum = to.mutable_data_ptr<float>();
  for_each_piece(to.numel(), [&](std::int64_t first, std::int64_t count) {
    add_and_clear_piece(count, source + first, sum + first);
  });
}

double sum_of_squares(const at::Tensor& x) {
  const float* const data = x.const_data_ptr<float>();
  std::vector<double> sums(static_cast<std::size_t>((x.numel() + kPiece - 1) / kPiece));
  for_each_piece(x.numel(), [&](std::int64_t first, std::int64_t count) {
    sums[static_cast<std::size_t>(first / kPiece)] = squares_of_piece(count, data + first);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

void adamw_step(std::int64_t count, const float* gradient, const AdamWStep& step, float* exp_avg,
                float* exp_avg_sq, float* values) {
  for_each_piece(count, [&](std::int64_t first, std::int64_t size) {
    adamw_piece(size, gradient + first, step, exp_avg + first, exp_avg_sq + first, values + first);
  });
}

}  // namespace zoetrope::train
