// SPDX-License-Identifier: Apache-2.0
#include "row_kernels.hpp"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/row_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "lanes.hpp"

HWY_BEFORE_NAMESPACE();
namespace zoetrope::model::HWY_NAMESPACE {
namespace {

struct Gelu {
  Lanes value;
  Lanes slope;
};

// u * Phi(u), and its derivative Phi(u) + u * phi(u), of the normal distribution. Both need e^(-u^2 / 2);
// from it, erf is Abramowitz and Stegun's 7.1.26.
HWY_INLINE Gelu gelu_of(Lanes u) {
  const Lanes bell = exp_of(hn::Mul(hn::Mul(u, u), all(-0.5f)));
  const Lanes t = hn::Div(all(1.0f), hn::MulAdd(all(0.3275911f * 0.70710678f), hn::Abs(u), all(1.0f)));
  const Lanes series = polynomial(t, 1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f);
  const Lanes tail = hn::Mul(hn::Mul(all(0.5f), series), hn::Mul(t, bell));  // Phi(-|u|)
  const Lanes below = hn::IfThenElse(hn::Lt(u, zero()), tail, hn::Sub(all(1.0f), tail));
  return {hn::Mul(u, below), hn::MulAdd(u, hn::Mul(all(0.39894228f), bell), below)};
}

// u * Phi(u) alone, by a rational approximation of (Phi(u) - 1/2) / u in u^2: a least-squares fit on |u|
// <= 5.6, reweighted until the error of u * Phi(u) was level there, 3e-8. It needs no exponential.
HWY_INLINE Lanes gelu_value_of(Lanes u) {
  const Lanes end = all(5.6f);  // where Phi differs from 0 or 1 by less than a float's rounding
  const Lanes least = hn::Neg(end);
  const auto is_low = hn::Lt(u, least);
  const Lanes inside = hn::IfThenElse(hn::Gt(u, end), end, hn::IfThenElse(is_low, least, u));  // NaN stays
  const Lanes s = hn::Mul(inside, inside);
  const Lanes p = polynomial(s, 2.1707512e-08f, 6.52571404e-06f, 1.86770924e-04f, 4.78588557e-03f,
                             3.55563977e-02f, 3.98942104e-01f);
  const Lanes q = polynomial(s, 1.18006322e-06f, 7.96813101e-05f, 1.98526568e-03f, 2.96322379e-02f,
                             2.55790873e-01f, 1.0f);
  const Lanes below = hn::MulAdd(inside, hn::Div(p, q), all(0.5f));
  return hn::IfThenZeroElse(is_low, hn::Mul(u, below));
}

// One row of scores, whose entries from `count` up to its padded end become 0.
HWY_INLINE void softmax(float* row, std::int64_t count) {
  const std::int64_t width = softmax_width(count);
  for (std::int64_t i = count; i < width; ++i) row[i] = row[0];
  Lanes largest = load(row);
  for (std::int64_t i = kLanes; i < width; i += kLanes) largest = hn::Max(load(row + i), largest);
  const Lanes shift = all(max_of(largest));
  for (std::int64_t i = 0; i < width; i += kLanes) store(row + i, exp_of(hn::Sub(load(row + i), shift)));
  for (std::int64_t i = count; i < width; ++i) row[i] = 0;
  Lanes sums = zero();
  for (std::int64_t i = 0; i < width; i += kLanes) sums = hn::Add(sums, load(row + i));
  const Lanes factor = all(1.0f / sum_of(sums));
  for (std::int64_t i = 0; i < width; i += kLanes) store(row + i, hn::Mul(load(row + i), factor));
}

// row = p * (row - sum of p * row): the gradient through softmax.
HWY_INLINE void softmax_backward(const float* p, float* row, std::int64_t width) {
  Lanes sums = zero();
  for (std::int64_t i = 0; i < width; i += kLanes) sums = hn::MulAdd(load(p + i), load(row + i), sums);
  const Lanes sum = all(sum_of(sums));
  for (std::int64_t i = 0; i < width; i += kLanes)
    store(row + i, hn::Mul(load(p + i), hn::Sub(load(row + i), sum)));
}

void add_rows(Extent extent, const float* rows, const float* bias, float* to) {
  for (std::int64_t r = 0; r < extent.rows; ++r, to += extent.columns) {
    const float* row = rows == nullptr ? bias : rows + r * extent.columns;
    if (rows == nullptr || bias == nullptr)
      std::copy_n(row, extent.columns, to);
    else
      for (std::int64_t c = 0; c < extent.columns; ++c) to[c] = row[c] + bias[c];
  }
}

void add_column_sums(Extent extent, const float* from, float* to) {
  for (std::int64_t r = 0; r < extent.rows; ++r, from += extent.columns)
    for (std::int64_t c = 0; c < extent.columns; ++c) to[c] += from[c];
}

void add_bias_gelu(Extent extent, float* x, const float* bias, float* slope) {
  for (std::int64_t r = 0; r < extent.rows; ++r, x += extent.columns) {
    if (slope == nullptr) {
      for (std::int64_t c = 0; c < extent.columns; c += kLanes)
        store(x + c, gelu_value_of(hn::Add(load(x + c), load(bias + c))));
      continue;
    }
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Gelu gelu = gelu_of(hn::Add(load(x + c), load(bias + c)));
      store(x + c, gelu.value);
      store(slope + r * extent.columns + c, gelu.slope);
    }
  }
}

void scale_by_slope(Extent extent, float* x, const float* slope, float* column_sums) {
  for (std::int64_t r = 0; r < extent.rows; ++r, x += extent.columns, slope += extent.columns) {
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Lanes scaled = hn::Mul(load(x + c), load(slope + c));
      store(x + c, scaled);
      store(column_sums + c, hn::Add(load(column_sums + c), scaled));
    }
  }
}

void normalize_rows(Extent extent, const float* x, const float* weight, const float* bias, float eps,
                    float* y, RowMoments moments) {
  const float share = 1.0f / static_cast<float>(extent.columns);
  for (std::int64_t r = 0; r < extent.rows; ++r, x += extent.columns, y += extent.columns) {
    Lanes sums = zero(), squares = zero();
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) sums = hn::Add(sums, load(x + c));
    const float mean = sum_of(sums) * share;
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Lanes centred = hn::Sub(load(x + c), all(mean));
      squares = hn::MulAdd(centred, centred, squares);
    }
    const float rstd = 1.0f / std::sqrt(sum_of(squares) * share + eps);
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Lanes normed = hn::Mul(hn::Sub(load(x + c), all(mean)), all(rstd));
      store(y + c, hn::MulAdd(normed, load(weight + c), load(bias + c)));
    }
    if (moments.mean == nullptr) continue;
    moments.mean[r] = mean;
    moments.rstd[r] = rstd;
  }
}

// One row of normalize_rows_backward. `moments` is this row's.
HWY_INLINE void normalize_row_backward(std::int64_t columns, const float* grad_y, const float* x,
                                       const float* weight, RowMoments moments, const float* residual,
                                       float* grad_x, float* grad_weight, float* grad_bias) {
  const float share = 1.0f / static_cast<float>(columns);
  const Lanes mean = all(*moments.mean), rstd = all(*moments.rstd);
  Lanes sums = zero(), products = zero();
  for (std::int64_t c = 0; c < columns; c += kLanes) {
    const Lanes normed = hn::Mul(hn::Sub(load(x + c), mean), rstd), grad = load(grad_y + c);
    const Lanes scaled = hn::Mul(grad, load(weight + c));
    sums = hn::Add(sums, scaled);
    products = hn::MulAdd(scaled, normed, products);
    store(grad_weight + c, hn::MulAdd(grad, normed, load(grad_weight + c)));
    store(grad_bias + c, hn::Add(load(grad_bias + c), grad));
  }
  const Lanes sum = all(sum_of(sums) * share), product = all(sum_of(products) * share);
  for (std::int64_t c = 0; c < columns; c += kLanes) {
    const Lanes normed = hn::Mul(hn::Sub(load(x + c), mean), rstd);
    const Lanes scaled = hn::Mul(load(grad_y + c), load(weight + c));
    const Lanes grad = hn::NegMulAdd(normed, product, hn::Sub(scaled, sum));
    store(grad_x + c, residual == nullptr ? hn::Mul(rstd, grad) : hn::MulAdd(rstd, grad, load(residual + c)));
  }
}

void normalize_rows_backward(Extent extent, const float* grad_y, const float* x, const float* weight,
                             RowMoments moments, const float* residual, float* grad_x, float* grad_weight,
                             float* grad_bias) {
  for (std::int64_t r = 0; r < extent.rows; ++r) {
    const std::int64_t row = r * extent.columns;
    normalize_row_backward(
        extent.columns, grad_y + row, x + row, weight, {moments.mean + r, moments.rstd + r},
        residual == nullptr ? nullptr : residual + row, grad_x + row, grad_weight, grad_bias);
  }
}

void softmax_rows(Extent extent, float* x) {
  const std::int64_t width = softmax_width(extent.columns);
  for (std::int64_t r = 0; r < extent.rows; ++r) softmax(x + r * width, extent.columns);
}

void softmax_rows_backward(Extent extent, const float* p, float* x) {
  const std::int64_t width = softmax_width(extent.columns);
  for (std::int64_t r = 0; r < extent.rows; ++r) softmax_backward(p + r * width, x + r * width, width);
}

}  // namespace
}  // namespace zoetrope::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::model {

HWY_EXPORT(add_rows);
HWY_EXPORT(add_column_sums);
HWY_EXPORT(add_bias_gelu);
HWY_EXPORT(scale_by_slope);
HWY_EXPORT(normalize_rows);
HWY_EXPORT(normalize_rows_backward);
HWY_EXPORT(softmax_rows);
HWY_EXPORT(softmax_rows_backward);

void add_rows(Extent extent, const float* rows, const float* bias, float* to) {
  HWY_DYNAMIC_DISPATCH(add_rows)(extent, rows, bias, to);
}

void add_column_sums(Extent extent, const float* from, float* to) {
  HWY_DYNAMIC_DISPATCH(add_column_sums)(extent, from, to);
}

void add_bias_gelu(Extent extent, float* x, const float* bias, float* slope) {
  HWY_DYNAMIC_DISPATCH(add_bias_gelu)(extent, x, bias, slope);
}

void scale_by_slope(Extent extent, float* x, const float* slope, float* column_sums) {
  HWY_DYNAMIC_DISPATCH(scale_by_slope)(extent, x, slope, column_sums);
}

void normalize_rows(Extent extent, const float* x, const float* weight, const float* bias, float eps,
                    float* y, RowMoments moments) {
  HWY_DYNAMIC_DISPATCH(normalize_rows)(extent, x, weight, bias, eps, y, moments);
}

void normalize_rows_backward(Extent extent, const float* grad_y, const float* x, const float* weight,
                             RowMoments moments, const float* residual, float* grad_x, float* grad_weight,
                             float* grad_bias) {
  HWY_DYNAMIC_DISPATCH(normalize_rows_backward)
  (extent, grad_y, x, weight, moments, residual, grad_x, grad_weight, grad_bias);
}

void softmax_rows(Extent extent, float* x) {
  HWY_DYNAMIC_DISPATCH(softmax_rows)(extent, x);
}

void softmax_rows_backward(Extent extent, const float* p, float* x) {
  HWY_DYNAMIC_DISPATCH(softmax_rows_backward)(extent, p, x);
}

}  // namespace zoetrope::model
#endif
