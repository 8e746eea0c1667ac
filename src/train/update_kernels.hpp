// SPDX-License-Identifier: Apache-2.0
// What an update does with a model's flat float32 buffers on the CPU, on all threads, each in one pass: a
// small model's steps spend a tenth of their time in such passes. Results do not depend on the number of
// threads.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::train {

// to += from, and from = 0.
void add_and_clear(const at::Tensor& from, const at::Tensor& to);

// Sums are taken over pieces of this many elements, and then over those sums, whoever computes them.
constexpr std::int64_t kPiece = 16384;
std::int64_t num_pieces(std::int64_t count);

// The sums over the squares of the pieces of x [count] in `share`, which begins at a piece; 0 for the others:
// float64 [num_pieces(count)].
at::Tensor sums_of_squares(const at::Tensor& x, support::Range share);

// The scalars of torch.optim.AdamW's update number t.
struct AdamWStep {
  float gradient_factor = 1;
  float exp_avg_weight = 0;     // of the gradient: 1 - beta1
  float exp_avg_sq_weight = 0;  // of its square: 1 - beta2
  float beta2 = 0;
  float value_factor = 1;        // 1 - learning rate * weight decay
  float step_size = 0;           // learning rate / (1 - beta1^t)
  float denominator_factor = 1;  // 1 / sqrt(1 - beta2^t)
  float eps = 0;
};
void adamw_step(std::int64_t count, const float* gradient, const AdamWStep& step, float* exp_avg,
                float* exp_avg_sq, float* values);

}  // namespace zoetrope::train
