// SPDX-License-Identifier: Apache-2.0
// Matrix products of float32 rows on the CPU by oneDNN's microkernel for blocks, which libtorch builds its
// own attention upon: a call costs a tenth of a microsecond, where an operator of libtorch takes one and
// oneDNN's whole matrix product fifteen, as long as half of a small model's products take themselves. Where a
// processor has no such kernel, libtorch calls its BLAS.
//
// All matrices are row-major. A sum is taken over `depth` in the same order wherever a row stands and however
// many threads there are.
#pragma once

#include <cstdint>

#include "matrix_view.hpp"

namespace zoetrope::model {

struct ProductSize {
  std::int64_t rows = 0;     // of the result
  std::int64_t columns = 0;  // of the result
  std::int64_t depth = 0;    // what is summed over; not 0
};

// What becomes of the elements that the result had.
enum class Before { kOverwritten, kAddedTo };

// c = a b of a [rows, depth] and b [depth, columns].
void multiply(ProductSize size, MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c,
              Before before = Before::kOverwritten);

// c = a b^T of a [rows, depth] and b [columns, depth].
void multiply_by_transposed(ProductSize size, MatrixView<const float> a, MatrixView<const float> b,
                            MatrixView<float> c, Before before = Before::kOverwritten);

// c = a^T b of a [depth, rows] and b [depth, columns].
void multiply_transposed(ProductSize size, MatrixView<const float> a, MatrixView<const float> b,
                         MatrixView<float> c, Before before = Before::kOverwritten);

// Whether these are faster than libtorch's BLAS for large matrices, too, and not for small ones alone: MKL
// uses AVX-512 on Intel's own processors, on others half as wide vectors.
bool outruns_blas();

}  // namespace zoetrope::model
