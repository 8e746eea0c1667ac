// SPDX-License-Identifier: Apache-2.0
// Return codes of the CUDA runtime and of NCCL, checked. Each macro throws RunError "<expression>: <reason>".
#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

namespace zoetrope::comm {

void check_cuda(cudaError_t code, const char* expression);

// ncclInProgress is no failure: communicators are non-blocking, and settle() waits for them.
void check_nccl(ncclResult_t code, const char* expression);

#define ZT_CHECK_CUDA(expression) ::zoetrope::comm::check_cuda((expression), #expression)
#define ZT_CHECK_NCCL(expression) ::zoetrope::comm::check_nccl((expression), #expression)

}  // namespace zoetrope::comm
