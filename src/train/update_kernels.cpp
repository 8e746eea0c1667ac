// SPDX-License-Identifier: Apache-2.0
#include "update_kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "update_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::train::HWY_NAMESPACE {
namespace {

void add_and_clear_piece(std::int64_t count, float* __restrict from, float* __restrict to) {
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] += from[i];
    from[i] = 0;
  }
}

double squares_of_piece(std::int64_t count, const float* x) {
  constexpr std::int64_t kSums = 32;  // side by side
  std::array<float, kSums> sums{};
  std::int64_t i = 0;
  for (; i + kSums <= count; i += kSums)
    for (std::int64_t s = 0; s < kSums; ++s) sums[static_cast<std::size_t>(s)] += x[i + s] * x[i + s];
  double sum = std::accumulate(sums.begin(), sums.end(), 0.0);
  for (; i < count; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum;
}

void adamw_piece(std::int64_t count, const float* __restrict gradient, const AdamWStep& step,
                 float* __restrict exp_avg, float* __restrict exp_avg_sq, float* __restrict values) {
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

}  // namespace
}  // namespace zoetrope::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::train {

HWY_EXPORT(add_and_clear_piece);
HWY_EXPORT(squares_of_piece);
HWY_EXPORT(adamw_piece);

namespace {

// Calls function(first, count) for every piece of `size` elements.
template <typename Function>
void for_each_piece(std::int64_t size, const Function& function) {
  at::parallel_for(0, num_pieces(size), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece)
      function(piece * kPiece, std::min(kPiece, size - piece * kPiece));
  });
}

}  // namespace

std::int64_t num_pieces(std::int64_t count) {
  return (count + kPiece - 1) / kPiece;
}

void add_and_clear(const at::Tensor& from, const at::Tensor& to) {
  float* const source = from.mutable_data_ptr<float>();
  float* const sum = to.mutable_data_ptr<float>();
  for_each_piece(to.numel(), [&](std::int64_t first, std::int64_t count) {
    HWY_DYNAMIC_DISPATCH(add_and_clear_piece)(count, source + first, sum + first);
  });
}

at::Tensor sums_of_squares(const at::Tensor& x, support::Range share) {
  at::Tensor sums = at::zeros({num_pieces(x.numel())}, at::kDouble);
  const float* const data = x.const_data_ptr<float>() + share.begin;
  double* const of_share = sums.mutable_data_ptr<double>() + share.begin / kPiece;
  for_each_piece(share.size(), [&](std::int64_t first, std::int64_t count) {
    of_share[first / kPiece] = HWY_DYNAMIC_DISPATCH(squares_of_piece)(count, data + first);
  });
  return sums;
}

void adamw_step(std::int64_t count, const float* gradient, const AdamWStep& step, float* exp_avg,
                float* exp_avg_sq, float* values) {
  for_each_piece(count, [&](std::int64_t first, std::int64_t size) {
    HWY_DYNAMIC_DISPATCH(adamw_piece)
    (size, gradient + first, step, exp_avg + first, exp_avg_sq + first, values + first);
  });
}

}  // namespace zoetrope::train
#endif
