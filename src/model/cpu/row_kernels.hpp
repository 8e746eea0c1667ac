// SPDX-License-Identifier: Apache-2.0
// What an encoder layer does between its matrix products, on the calling thread: each function reads and
// writes every row once. Matrices are float32, contiguous, [rows, columns]; `columns` is a multiple of
// kColumnStep for those that compute more than sums.
#pragma once

#include <cstdint>

namespace zoetrope::model {

constexpr std::int64_t kColumnStep = 8;

struct Extent {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

// to = rows + bias, where one of them may be null; `bias` is [columns].
void add_rows(Extent extent, const float* rows, const float* bias, float* to);

// to [columns] += the sum over rows.
void add_column_sums(Extent extent, const float* from, float* to);

// x = gelu(x + bias), to 1.2e-6, and relatively where it is above 1: as exact as at::gelu. `slope`, where not
// null, becomes the derivative of gelu at x + bias.
void add_bias_gelu(Extent extent, float* x, const float* bias, float* slope);

// x *= slope, and column_sums += the sum over rows of the result.
void scale_by_slope(Extent extent, float* x, const float* slope, float* column_sums);

struct RowMoments {
  float* mean;  // [rows]
  float* rstd;  // [rows]: 1 / sqrt(variance + eps)
};

// y = (x - mean) * rstd * weight + bias. `moments` is written; its pointers may be null.
void normalize_rows(Extent extent, const float* x, const float* weight, const float* bias, float eps,
                    float* y, RowMoments moments);

// grad_x = residual (or 0, where it is null) + the gradient of normalize_rows for grad_y. grad_weight and
// grad_bias [columns] are added to.
void normalize_rows_backward(Extent extent, const float* grad_y, const float* x, const float* weight,
                             RowMoments moments, const float* residual, float* grad_x, float* grad_weight,
                             float* grad_bias);

// From a row to the next of the two functions below; what a row has beyond its columns is 0.
constexpr std::int64_t softmax_width(std::int64_t columns) {
  return (columns + kColumnStep - 1) / kColumnStep * kColumnStep;
}

// x = softmax of x's rows.
void softmax_rows(Extent extent, float* x);

// x = the gradient of softmax_rows' x for that of its result, p.
void softmax_rows_backward(Extent extent, const float* p, float* x);

}  // namespace zoetrope::model
