// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <nccl.h>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

// Of a dtype that check_tensor lets through.
ncclDataType_t nccl_type(at::ScalarType dtype);
ncclRedOp_t nccl_op(ReduceOp op);

}  // namespace zoetrope::comm
