// SPDX-License-Identifier: Apache-2.0
#include "attention_kernel.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/Parallel.h>

#include "row_kernels.hpp"
#include "transpose.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/attention_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "lanes.hpp"

HWY_BEFORE_NAMESPACE();
namespace zoetrope::model::HWY_NAMESPACE {
namespace {

// A matrix whose element (r, c) is data[r * row + c * column].
struct Strided {
  const float* data;
  std::int64_t row;
  std::int64_t column;
};

// to[r, c] = scale * sum over k of a[r, k] b[k, c] for kRows rows and kColumns * kLanes columns.
template <int kRows, int kColumns>
HWY_INLINE void multiply_block(std::int64_t depth, Strided a, const float* b, std::int64_t b_row, float scale,
                               float* to, std::int64_t to_row) {
  Lanes sum[kRows][kColumns];
  for (int r = 0; r < kRows; ++r)
    for (int c = 0; c < kColumns; ++c) sum[r][c] = zero();
  for (std::int64_t k = 0; k < depth; ++k) {
    for (int c = 0; c < kColumns; ++c) {
      const Lanes right = load(b + k * b_row + c * kLanes);
      for (int r = 0; r < kRows; ++r)
        sum[r][c] = hn::MulAdd(all(a.data[r * a.row + k * a.column]), right, sum[r][c]);
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int c = 0; c < kColumns; ++c) store(to + r * to_row + c * kLanes, hn::Mul(all(scale), sum[r][c]));
}

template <int kRows>
HWY_INLINE void multiply_rows(std::int64_t depth, std::int64_t columns, Strided a, const float* b,
                              std::int64_t b_row, float scale, float* to, std::int64_t to_row) {
  std::int64_t c = 0;
  for (; columns - c == 3 * kLanes || columns - c >= 5 * kLanes; c += 3 * kLanes)
    multiply_block<kRows, 3>(depth, a, b + c, b_row, scale, to + c, to_row);
  for (; c + 2 * kLanes <= columns; c += 2 * kLanes)
    multiply_block<kRows, 2>(depth, a, b + c, b_row, scale, to + c, to_row);
  if (c < columns) multiply_block<kRows, 1>(depth, a, b + c, b_row, scale, to + c, to_row);
}

// to = scale * a b; `columns` is a multiple of kLanes, and b's columns lie one after the other.
HWY_INLINE void multiply(std::int64_t rows, std::int64_t depth, std::int64_t columns, Strided a,
                         const float* b, std::int64_t b_row, float scale, float* to, std::int64_t to_row) {
  std::int64_t r = 0;
  // Of 17 rows (16 patches and CLS) the last would be alone, and wait for each of its own additions.
  for (; rows - r >= 4 && rows - r != 5; r += 4)
    multiply_rows<4>(depth, columns, {a.data + r * a.row, a.row, a.column}, b, b_row, scale, to + r * to_row,
                     to_row);
  if (rows - r == 5) {
    multiply_rows<5>(depth, columns, {a.data + r * a.row, a.row, a.column}, b, b_row, scale, to + r * to_row,
                     to_row);
    r += 5;
  }
  for (; r < rows; ++r)
    multiply_rows<1>(depth, columns, {a.data + r * a.row, a.row, a.column}, b, b_row, scale, to + r * to_row,
                     to_row);
}

using Transposed = std::array<float, kMaxHeadSize * kMaxKeys>;
constexpr std::int64_t kQueriesAtOnce = 32;
using ScoreRows = std::array<float, kQueriesAtOnce * kMaxKeys>;

template <typename Float>
HWY_INLINE Float* row_of(const HeadRows<Float>& rows, std::int64_t row) {
  return rows.data + row * rows.row_stride;
}

void attend_head(const AttentionShape& shape, const AttentionRows<const float>& in,
                 const HeadRows<float>& context, float* probabilities) {
  alignas(64) Transposed keys;
  alignas(64) ScoreRows scores;
  const std::int64_t width = softmax_width(shape.keys), size = shape.head_size;
  const float scale = 1.0f / std::sqrt(static_cast<float>(size));
  transpose(shape.keys, size, {in.k.data, in.k.row_stride}, {keys.data(), width}, width);
  for (std::int64_t first = 0; first < shape.queries; first += kQueriesAtOnce) {
    const std::int64_t rows = std::min(kQueriesAtOnce, shape.queries - first);
    multiply(rows, size, width, {row_of(in.q, first), in.q.row_stride, 1}, keys.data(), width, scale,
             scores.data(), width);
    softmax_rows({rows, shape.keys}, scores.data());
    multiply(rows, shape.keys, size, {scores.data(), width, 1}, in.v.data, in.v.row_stride, 1.0f,
             row_of(context, first), context.row_stride);
    if (probabilities == nullptr) continue;
    for (std::int64_t r = 0; r < rows; ++r)
      std::copy_n(scores.data() + r * width, shape.keys, probabilities + (first + r) * shape.keys);
  }
}

void attend_head_backward(const AttentionShape& shape, const AttentionRows<const float>& in,
                          const float* probabilities, const HeadRows<const float>& grad_context,
                          const AttentionRows<float>& out) {
  alignas(64) Transposed values;
  alignas(64) std::array<float, kMaxKeys * kMaxKeys> p;
  alignas(64) std::array<float, kMaxKeys * kMaxKeys> grad_scores;
  const std::int64_t width = softmax_width(shape.keys), size = shape.head_size, queries = shape.queries;
  const float scale = 1.0f / std::sqrt(static_cast<float>(size));
  transpose(shape.keys, size, {in.v.data, in.v.row_stride}, {values.data(), width}, width);
  multiply(queries, size, width, {grad_context.data, grad_context.row_stride, 1}, values.data(), width, 1.0f,
           grad_scores.data(), width);
  for (std::int64_t r = 0; r < queries; ++r) {
    float* row = std::copy_n(probabilities + r * shape.keys, shape.keys, p.data() + r * width);
    std::fill_n(row, width - shape.keys, 0.0f);
  }
  softmax_rows_backward({queries, shape.keys}, p.data(), grad_scores.data());
  multiply(queries, shape.keys, size, {grad_scores.data(), width, 1}, in.k.data, in.k.row_stride, scale,
           out.q.data, out.q.row_stride);
  multiply(shape.keys, queries, size, {grad_scores.data(), 1, width}, in.q.data, in.q.row_stride, scale,
           out.k.data, out.k.row_stride);
  multiply(shape.keys, queries, size, {p.data(), 1, width}, grad_context.data, grad_context.row_stride, 1.0f,
           out.v.data, out.v.row_stride);
}

}  // namespace
}  // namespace zoetrope::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::model {

HWY_EXPORT(attend_head);
HWY_EXPORT(attend_head_backward);

namespace {

template <typename Float>
HeadRows<Float> head_of(HeadRows<Float> rows, const AttentionShape& shape, std::int64_t item) {
  rows.data += item / shape.heads * rows.image_stride + item % shape.heads * shape.head_size;
  return rows;
}

template <typename Float>
AttentionRows<Float> head_of(const AttentionRows<Float>& rows, const AttentionShape& shape,
                             std::int64_t item) {
  return {head_of(rows.q, shape, item), head_of(rows.k, shape, item), head_of(rows.v, shape, item)};
}

// As many heads for a thread at once as are worth waking it.
std::int64_t grain(const AttentionShape& shape) {
  constexpr std::int64_t kWork = 1 << 16;  // multiply-adds
  return std::max<std::int64_t>(1, kWork / (shape.queries * shape.keys * shape.head_size));
}

}  // namespace

void attend(const AttentionShape& shape, const AttentionRows<const float>& input, HeadRows<float> context,
            float* probabilities) {
  const std::int64_t size = shape.queries * shape.keys;
  at::parallel_for(0, shape.batch * shape.heads, grain(shape), [&](std::int64_t begin, std::int64_t end) {
    auto* const attend_one = HWY_DYNAMIC_DISPATCH(attend_head);
    for (std::int64_t i = begin; i < end; ++i)
      attend_one(shape, head_of(input, shape, i), head_of(context, shape, i),
                 probabilities == nullptr ? nullptr : probabilities + i * size);
  });
}

void attend_backward(const AttentionShape& shape, const AttentionRows<const float>& input,
                     const float* probabilities, HeadRows<const float> grad_context,
                     const AttentionRows<float>& gradient) {
  const std::int64_t size = shape.queries * shape.keys;
  at::parallel_for(0, shape.batch * shape.heads, grain(shape), [&](std::int64_t begin, std::int64_t end) {
    auto* const attend_one = HWY_DYNAMIC_DISPATCH(attend_head_backward);
    for (std::int64_t i = begin; i < end; ++i)
      attend_one(shape, head_of(input, shape, i), probabilities + i * size, head_of(grad_context, shape, i),
                 head_of(gradient, shape, i));
  });
}

}  // namespace zoetrope::model
#endif
