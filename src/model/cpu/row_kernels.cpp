// SPDX-License-Identifier: Apache-2.0
#include "row_kernels.hpp"

#include <algorithm>
#include <cmath>

#include "simd.hpp"

namespace zoetrope::model {

namespace {

struct Gelu {
  Lanes value;
  Lanes slope;
};

// u * Phi(u), and its derivative Phi(u) + u * phi(u), of the normal distribution. Both need e^(-u^2 / 2);
// from it, erf is Abramowitz and Stegun's 7.1.26.
ZOETROPE_INLINE Gelu gelu_of(Lanes u) {
  const Lanes negative = -u;
  const Lanes size = u < 0.0f ? negative : u;
  const Lanes bell = exp_of(u * u * -0.5f);
  const Lanes t = 1.0f / (1.0f + 0.3275911f * 0.70710678f * size);
  const Lanes series = polynomial(t, 1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f);
  const Lanes tail = 0.5f * series * t * bell;  // Phi(-|u|)
  const Lanes rest = 1.0f - tail;
  const Lanes below = u < 0.0f ? tail : rest;
  return {u * below, below + u * (0.39894228f * bell)};
}

// u * Phi(u) alone, by a rational approximation of (Phi(u) - 1/2) / u in u^2: a least-squares fit on |u|
// <= 5.6, reweighted until the error of u * Phi(u) was level there, 3e-8. It needs no exponential.
ZOETROPE_INLINE Lanes gelu_value_of(Lanes u) {
  constexpr float kEnd = 5.6f;  // where Phi differs from 0 or 1 by less than a float's rounding
  const Lanes least = Lanes{} - kEnd, most = Lanes{} + kEnd;
  Lanes inside = u < least ? least : u;  // NaN stays
  inside = inside > most ? most : inside;
  const Lanes s = inside * inside;
  const Lanes p = polynomial(s, 2.1707512e-08f, 6.52571404e-06f, 1.86770924e-04f, 4.78588557e-03f,
                             3.55563977e-02f, 3.98942104e-01f);
  const Lanes q = polynomial(s, 1.18006322e-06f, 7.96813101e-05f, 1.98526568e-03f, 2.96322379e-02f,
                             2.55790873e-01f, 1.0f);
  const Lanes below = 0.5f + inside * (p / q);
  return u < least ? Lanes{} : u * below;
}

// One row of scores, whose entries from `count` up to its padded end become 0.
ZOETROPE_INLINE void softmax(float* row, std::int64_t count) {
  const std::int64_t width = padded(count);
  for (std::int64_t i = count; i < width; ++i) row[i] = row[0];
  Lanes largest = load(row);
  for (std::int64_t i = kLanes; i < width; i += kLanes) {
    const Lanes lanes = load(row + i);
    largest = lanes > largest ? lanes : largest;
  }
  const float shift = max_of(largest);
  for (std::int64_t i = 0; i < width; i += kLanes) store(row + i, exp_of(load(row + i) - shift));
  for (std::int64_t i = count; i < width; ++i) row[i] = 0;
  Lanes sums = {};
  for (std::int64_t i = 0; i < width; i += kLanes) sums += load(row + i);
  const float factor = 1.0f / sum_of(sums);
  for (std::int64_t i = 0; i < width; i += kLanes) store(row + i, load(row + i) * factor);
}

// row = p * (row - sum of p * row): the gradient through softmax.
ZOETROPE_INLINE void softmax_backward(const float* p, float* row, std::int64_t width) {
  Lanes sums = {};
  for (std::int64_t i = 0; i < width; i += kLanes) sums += load(p + i) * load(row + i);
  const float sum = sum_of(sums);
  for (std::int64_t i = 0; i < width; i += kLanes) store(row + i, load(p + i) * (load(row + i) - sum));
}

}  // namespace

ZOETROPE_FOR_EACH_CPU void add_rows(Extent extent, const float* rows, const float* bias, float* to) {
  for (std::int64_t r = 0; r < extent.rows; ++r, to += extent.columns) {
    const float* row = rows == nullptr ? bias : rows + r * extent.columns;
    if (rows == nullptr || bias == nullptr)
      std::copy_n(row, extent.columns, to);
    else
      for (std::int64_t c = 0; c < extent.columns; ++c) to[c] = row[c] + bias[c];
  }
}

ZOETROPE_FOR_EACH_CPU void add_column_sums(Extent extent, const float* from, float* to) {
  for (std::int64_t r = 0; r < extent.rows; ++r, from += extent.columns)
    for (std::int64_t c = 0; c < extent.columns; ++c) to[c] += from[c];
}

ZOETROPE_FOR_EACH_CPU void add_bias_gelu(Extent extent, float* x, const float* bias, float* slope) {
  for (std::int64_t r = 0; r < extent.rows; ++r, x += extent.columns) {
    if (slope == nullptr) {
      for (std::int64_t c = 0; c < extent.columns; c += kLanes)
        store(x + c, gelu_value_of(load(x + c) + load(bias + c)));
      continue;
    }
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Gelu gelu = gelu_of(load(x + c) + load(bias + c));
      store(x + c, gelu.value);
      store(slope + r * extent.columns + c, gelu.slope);
    }
  }
}

ZOETROPE_FOR_EACH_CPU void scale_by_slope(Extent extent, float* x, const float* slope, float* column_sums) {
  for (std::int64_t r = 0; r < extent.rows; ++r, x += extent.columns, slope += extent.columns) {
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Lanes scaled = load(x + c) * load(slope + c);
      store(x + c, scaled);
      store(column_sums + c, load(column_sums + c) + scaled);
    }
  }
}

ZOETROPE_FOR_EACH_CPU void normalize_rows(Extent extent, const float* x, const float* weight,
                                          const float* bias, float eps, float* y, RowMoments moments) {
  const float share = 1.0f / static_cast<float>(extent.columns);
  for (std::int64_t r = 0; r < extent.rows; ++r, x += extent.columns, y += extent.columns) {
    Lanes sums = {}, squares = {};
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) sums += load(x + c);
    const float mean = sum_of(sums) * share;
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Lanes centred = load(x + c) - mean;
      squares += centred * centred;
    }
    const float rstd = 1.0f / std::sqrt(sum_of(squares) * share + eps);
    for (std::int64_t c = 0; c < extent.columns; c += kLanes)
      store(y + c, (load(x + c) - mean) * rstd * load(weight + c) + load(bias + c));
    if (moments.mean == nullptr) continue;
    moments.mean[r] = mean;
    moments.rstd[r] = rstd;
  }
}

ZOETROPE_FOR_EACH_CPU void normalize_rows_backward(Extent extent, const float* grad_y, const float* x,
                                                   const float* weight, RowMoments moments,
                                                   const float* residual, float* grad_x, float* grad_weight,
                                                   float* grad_bias) {
  const float share = 1.0f / static_cast<float>(extent.columns);
  for (std::int64_t r = 0; r < extent.rows; ++r) {
    const std::int64_t row = r * extent.columns;
    const float mean = moments.mean[r], rstd = moments.rstd[r];
    Lanes sums = {}, products = {};
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Lanes normed = (load(x + row + c) - mean) * rstd, grad = load(grad_y + row + c);
      const Lanes scaled = grad * load(weight + c);
      sums += scaled;
      products += scaled * normed;
      store(grad_weight + c, load(grad_weight + c) + grad * normed);
      store(grad_bias + c, load(grad_bias + c) + grad);
    }
    const float sum = sum_of(sums) * share, product = sum_of(products) * share;
    for (std::int64_t c = 0; c < extent.columns; c += kLanes) {
      const Lanes normed = (load(x + row + c) - mean) * rstd;
      const Lanes scaled = load(grad_y + row + c) * load(weight + c);
      const Lanes grad = rstd * (scaled - sum - normed * product);
      store(grad_x + row + c, residual == nullptr ? grad : load(residual + row + c) + grad);
    }
  }
}

std::int64_t softmax_width(std::int64_t columns) {
  return padded(columns);
}

ZOETROPE_FOR_EACH_CPU void softmax_rows(Extent extent, float* x) {
  const std::int64_t width = padded(extent.columns);
  for (std::int64_t r = 0; r < extent.rows; ++r) softmax(x + r * width, extent.columns);
}

ZOETROPE_FOR_EACH_CPU void softmax_rows_backward(Extent extent, const float* p, float* x) {
  const std::int64_t width = padded(extent.columns);
  for (std::int64_t r = 0; r < extent.rows; ++r) softmax_backward(p + r * width, x + r * width, width);
}

}  // namespace zoetrope::model
