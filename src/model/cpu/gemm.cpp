// SPDX-License-Identifier: Apache-2.0
#include "gemm.hpp"

#include <algorithm>
#include <array>

#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>

#include "transpose.hpp"

namespace zoetrope::model {

namespace {

using In = MatrixView<const float>;
using Out = MatrixView<float>;

// A block of the right operand, and of a transposed one: 256 KiB, of a core's second cache.
constexpr std::int64_t kBlock = 128;
constexpr std::int64_t kDepthBlock = 512;
constexpr std::int64_t kRowBlock = 384;  // of the left operand
constexpr std::int64_t kLeastRowsOfTask = 64;
constexpr std::int64_t kRowStep = 8;  // of tasks

using Scratch = std::array<float, kBlock * kDepthBlock>;

template <typename Float>
MatrixView<Float> at_block(MatrixView<Float> matrix, std::int64_t row, std::int64_t column) {
  return {matrix.data + row * matrix.stride + column, matrix.stride};
}

// The only call of what is internal to libtorch, as torch 2.15.0 has it. tests/model/gemm_test.cpp holds its
// products to float64's. Where another version lacks it, at::addmm_out() of at::from_blob()s does the same,
// slower.
#ifndef CPUBLAS_BRGEMM_F32F32F32
#error \
    "This libtorch has no brgemm of floats: install torch 2.15.0 (script/bootstrap), or see the lines above."
#endif
void multiply_block(ProductSize size, In a, In b, Out c, bool add) {
  at::native::cpublas::brgemm(size.rows, size.columns, size.depth, a.stride, b.stride, c.stride, add, a.data,
                              b.data, c.data);
}

struct Range {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

std::int64_t ceil_div(std::int64_t count, std::int64_t size) {
  return (count + size - 1) / size;
}

template <typename Function>
void for_each_block(Range range, std::int64_t size, const Function& function) {
  for (std::int64_t i = 0; i < range.count; i += size)
    function(Range{range.first + i, std::min(size, range.count - i)});
}

// Calls function(block, part) for every block of kBlock of `blocks` and every part of `others`: there are as
// many parts as give each thread something to do.
template <typename Function>
void for_each_tile(std::int64_t blocks, std::int64_t others, const Function& function) {
  const std::int64_t num_blocks = ceil_div(blocks, kBlock);
  const std::int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  const std::int64_t wanted = threads == 1 ? 1 : ceil_div(2 * threads, num_blocks);
  const std::int64_t part =
      ceil_div(ceil_div(others, std::min(wanted, ceil_div(others, kLeastRowsOfTask))), kRowStep) * kRowStep;
  const std::int64_t num_parts = ceil_div(others, part);
  at::parallel_for(0, num_blocks * num_parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t block = i / num_parts * kBlock, first = i % num_parts * part;
      function(Range{block, std::min(kBlock, blocks - block)}, Range{first, std::min(part, others - first)});
    }
  });
}

// One tile of c = a b, where right(columns, depth) gives that block of b.
template <typename Right>
void multiply_tile(Range columns, Range rows, std::int64_t depth, In a, const Right& right, Out c, bool add) {
  for_each_block({0, depth}, kDepthBlock, [&](Range k) {
    const In b = right(columns, k);
    for_each_block(rows, kRowBlock, [&](Range r) {
      multiply_block({r.count, columns.count, k.count}, at_block(a, r.first, k.first), b,
                     at_block(c, r.first, columns.first), add || k.first > 0);
    });
  });
}

bool is_empty(ProductSize size) {
  return size.rows == 0 || size.columns == 0;
}

}  // namespace

void multiply(ProductSize size, In a, In b, Out c, Before before) {
  if (is_empty(size)) return;
  for_each_tile(size.columns, size.rows, [&](Range columns, Range rows) {
    const auto right = [&](Range n, Range k) { return at_block(b, k.first, n.first); };
    multiply_tile(columns, rows, size.depth, a, right, c, before == Before::kAddedTo);
  });
}

void multiply_by_transposed(ProductSize size, In a, In b, Out c, Before before) {
  if (is_empty(size)) return;
  for_each_tile(size.columns, size.rows, [&](Range columns, Range rows) {
    alignas(64) Scratch scratch;
    const auto right = [&](Range n, Range k) {
      transpose(n.count, k.count, at_block(b, n.first, k.first), {scratch.data(), n.count});
      return In{scratch.data(), n.count};
    };
    multiply_tile(columns, rows, size.depth, a, right, c, before == Before::kAddedTo);
  });
}

void multiply_transposed(ProductSize size, In a, In b, Out c, Before before) {
  if (is_empty(size)) return;
  for_each_tile(size.rows, size.columns, [&](Range rows, Range columns) {
    alignas(64) Scratch scratch;
    for_each_block({0, size.depth}, kDepthBlock, [&](Range k) {
      const In left{scratch.data(), k.count};
      transpose(k.count, rows.count, at_block(a, k.first, rows.first), {scratch.data(), k.count});
      for_each_block(columns, kBlock, [&](Range n) {
        multiply_block({rows.count, n.count, k.count}, left, at_block(b, k.first, n.first),
                       at_block(c, rows.first, n.first), before == Before::kAddedTo || k.first > 0);
      });
    });
  });
}

bool outruns_blas() {
#if defined(__x86_64__)
  static const bool is_held_back = __builtin_cpu_supports("avx512f") && !__builtin_cpu_is("intel");
  return is_held_back;
#else
  return false;
#endif
}

}  // namespace zoetrope::model
