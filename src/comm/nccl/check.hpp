// SPDX-License-Identifier: Apache-2.0
// NCCL's return codes, checked: the macro throws RunError "<expression>: <reason>".
#pragma once

#include <nccl.h>

#include "zoetrope/compute/cuda_check.hpp"

namespace zoetrope::comm {

// ncclInProgress is no failure: communicators are non-blocking, and settle() waits for them.
void check_nccl(ncclResult_t code, const char* expression);

#define ZT_CHECK_NCCL(expression) ::zoetrope::comm::check_nccl((expression), #expression)

}  // namespace zoetrope::comm
