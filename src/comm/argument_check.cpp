// SPDX-License-Identifier: Apache-2.0
#include "argument_check.hpp"

#include <stdexcept>
#include <string>

#include <ATen/ATen.h>

namespace zoetrope::comm {
namespace {

[[noreturn]] void refuse(const char* operation, const std::string& reason) {
  throw std::invalid_argument(std::string(operation) + ": " + reason);
}

}  // namespace

const char* dtype_name(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return "float32";
    case at::kDouble:
      return "float64";
    case at::kLong:
      return "int64";
    case at::kInt:
      return "int32";
    case at::kByte:
      return "uint8";
    case at::kBFloat16:
      return "bfloat16";
    default:
      return "?";
  }
}

void check_tensor(const at::Tensor& tensor, at::DeviceType device, const char* operation) {
  if (!tensor.defined()) refuse(operation, "the tensor is undefined");
  if (dtype_name(tensor.scalar_type())[0] == '?') {
    refuse(operation, std::string("dtype ") + c10::toString(tensor.scalar_type()) +
                          " is not carried; convert to float32, float64, int64, int32, uint8 or bfloat16");
  }
  if (tensor.device().type() != device) {
    refuse(operation, "the tensor is on " + tensor.device().str() + ", this backend carries " +
                          c10::DeviceTypeName(device, /*lower_case=*/true) + " tensors");
  }
  if (tensor.layout() != at::kStrided || !tensor.is_contiguous()) {
    refuse(operation, "the tensor is not contiguous; call .contiguous() and keep the copy");
  }
}

void check_piece(const at::Tensor& piece, at::DeviceType device, const char* operation) {
  check_tensor(piece, device, operation);
  if (piece.dim() == 0)
    refuse(operation, "a scalar has no dimension 0 to concatenate along; call .reshape({1})");
}

void check_reduction(at::ScalarType dtype, ReduceOp op, const char* operation) {
  if (op == ReduceOp::kAverage && !at::isFloatingType(dtype)) {
    refuse(operation, std::string("the average of ") + dtype_name(dtype) + " is not defined; take the sum");
  }
}

void check_root(int root, int size, const char* operation) {
  if (root < 0 || root >= size) {
    refuse(operation,
           "root " + std::to_string(root) + " is not a rank of this group of " + std::to_string(size));
  }
}

void check_color(int color) {
  if (color < 0) refuse("split", "color " + std::to_string(color) + " is negative");
}

PieceShape PieceShape::of(const at::Tensor& piece) {
  std::int64_t row_elements = 1;
  for (std::int64_t d = 1; d < piece.dim(); ++d) row_elements *= piece.size(d);
  return {piece.size(0), row_elements, static_cast<std::int64_t>(piece.scalar_type())};
}

void check_same_rows(const PieceShape* shapes, int size, const char* operation) {
  for (int r = 1; r < size; ++r) {
    if (shapes[r].row_elements == shapes[0].row_elements && shapes[r].dtype == shapes[0].dtype) continue;
    const auto describe = [&](int rank) {
      return "rank " + std::to_string(rank) + " has rows of " + std::to_string(shapes[rank].row_elements) +
             " " + dtype_name(static_cast<at::ScalarType>(shapes[rank].dtype));
    };
    refuse(operation, describe(0) + ", " + describe(r));
  }
}

at::Tensor empty_rows_like(const at::Tensor& piece, std::int64_t rows) {
  auto sizes = piece.sizes().vec();
  sizes[0] = rows;
  return at::empty(sizes, piece.options().requires_grad(false));
}

}  // namespace zoetrope::comm
