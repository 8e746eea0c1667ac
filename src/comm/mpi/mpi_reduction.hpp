// SPDX-License-Identifier: Apache-2.0
// dtypes and reductions in MPI's terms.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <mpi.h>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

// bfloat16 travels as 16-bit words: MPI 3.1 has no type for it.
MPI_Datatype mpi_type(at::ScalarType dtype);

// The MPI operations of one communicator, its own ones for bfloat16 among them: each adds in float and rounds
// the result to nearest even, as hardware does. kAverage is kSum here; divide_by() completes it.
class MpiReductions {
 public:
  MpiReductions();
  ~MpiReductions();
  MpiReductions(const MpiReductions&) = delete;
  MpiReductions& operator=(const MpiReductions&) = delete;

  MPI_Op find(at::ScalarType dtype, ReduceOp op) const;

 private:
  MPI_Op bfloat16_sum_ = MPI_OP_NULL;
  MPI_Op bfloat16_min_ = MPI_OP_NULL;
  MPI_Op bfloat16_max_ = MPI_OP_NULL;
};

// Divides a floating tensor's elements in place. A plain loop and not ATen's, which would start a second team
// of threads when called from the communication thread.
void divide_by(const at::Tensor& tensor, int divisor);

}  // namespace zoetrope::comm
