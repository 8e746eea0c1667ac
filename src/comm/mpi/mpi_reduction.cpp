// SPDX-License-Identifier: Apache-2.0
#include "mpi/mpi_reduction.hpp"

#include <algorithm>

#include <ATen/ATen.h>

#include "mpi/mpi_handle.hpp"

namespace zoetrope::comm {
namespace {

template <typename Combine>
void combine_bfloat16(void* in, void* in_out, const int* count, Combine combine) {
  const auto* a = static_cast<const c10::BFloat16*>(in);
  auto* b = static_cast<c10::BFloat16*>(in_out);
  for (int i = 0; i < *count; ++i) b[i] = combine(static_cast<float>(a[i]), static_cast<float>(b[i]));
}

void sum_bfloat16(void* in, void* in_out, int* count, MPI_Datatype*) {
  combine_bfloat16(in, in_out, count, [](float a, float b) { return a + b; });
}
void min_bfloat16(void* in, void* in_out, int* count, MPI_Datatype*) {
  combine_bfloat16(in, in_out, count, [](float a, float b) { return std::min(a, b); });
}
void max_bfloat16(void* in, void* in_out, int* count, MPI_Datatype*) {
  combine_bfloat16(in, in_out, count, [](float a, float b) { return std::max(a, b); });
}

template <typename T>
void divide(const at::Tensor& tensor, int divisor) {
  T* values = tensor.data_ptr<T>();
  const std::int64_t count = tensor.numel();
  for (std::int64_t i = 0; i < count; ++i) values[i] /= static_cast<T>(divisor);
}

}  // namespace

MPI_Datatype mpi_type(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return MPI_FLOAT;
    case at::kDouble:
      return MPI_DOUBLE;
    case at::kLong:
      return MPI_INT64_T;
    case at::kInt:
      return MPI_INT32_T;
    case at::kByte:
      return MPI_UINT8_T;
    case at::kBFloat16:
      return MPI_UINT16_T;
    default:
      return MPI_DATATYPE_NULL;  // check_tensor has refused it
  }
}

MpiReductions::MpiReductions() {
  ZT_CHECK_MPI(MPI_Op_create(sum_bfloat16, /*commute=*/1, &bfloat16_sum_));
  ZT_CHECK_MPI(MPI_Op_create(min_bfloat16, /*commute=*/1, &bfloat16_min_));
  ZT_CHECK_MPI(MPI_Op_create(max_bfloat16, /*commute=*/1, &bfloat16_max_));
}

MpiReductions::~MpiReductions() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized != 0) return;
  for (MPI_Op* op : {&bfloat16_sum_, &bfloat16_min_, &bfloat16_max_}) {
    if (*op != MPI_OP_NULL) MPI_Op_free(op);
  }
}

MPI_Op MpiReductions::find(at::ScalarType dtype, ReduceOp op) const {
  const bool bfloat16 = dtype == at::kBFloat16;
  switch (op) {
    case ReduceOp::kMin:
      return bfloat16 ? bfloat16_min_ : MPI_MIN;
    case ReduceOp::kMax:
      return bfloat16 ? bfloat16_max_ : MPI_MAX;
    case ReduceOp::kSum:
    case ReduceOp::kAverage:
      break;
  }
  return bfloat16 ? bfloat16_sum_ : MPI_SUM;
}

void divide_by(const at::Tensor& tensor, int divisor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return divide<float>(tensor, divisor);
    case at::kDouble:
      return divide<double>(tensor, divisor);
    case at::kBFloat16:
      return divide<c10::BFloat16>(tensor, divisor);
    default:
      return;  // check_reduction has refused it
  }
}

}  // namespace zoetrope::comm
