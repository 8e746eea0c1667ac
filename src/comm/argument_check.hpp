// SPDX-License-Identifier: Apache-2.0
// What every backend asks of its arguments, so that all refuse the same things with the same words.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

// "float32", "bfloat16", ...; "?" for a dtype that no backend carries.
const char* dtype_name(at::ScalarType dtype);

// Each throws std::invalid_argument whose message begins with `operation` and says what to do.
void check_tensor(const at::Tensor& tensor, at::DeviceType device, const char* operation);
void check_piece(const at::Tensor& piece, at::DeviceType device,
                 const char* operation);                                         // at least one dimension
void check_reduction(at::ScalarType dtype, ReduceOp op, const char* operation);  // no average of integers
void check_root(int root, int size, const char* operation);
void check_color(int color);

// What the ranks of a gather must agree on, exchanged before it.
struct PieceShape {
  std::int64_t rows = 0;          // size along dimension 0
  std::int64_t row_elements = 0;  // elements of one row
  std::int64_t dtype = 0;

  static PieceShape of(const at::Tensor& piece);
};

// Throws the same std::invalid_argument on every rank when `shapes` (one a rank) differ in more than rows.
void check_same_rows(const PieceShape* shapes, int size, const char* operation);

// An uninitialised tensor like `piece`, but with `rows` rows.
at::Tensor empty_rows_like(const at::Tensor& piece, std::int64_t rows);

}  // namespace zoetrope::comm
