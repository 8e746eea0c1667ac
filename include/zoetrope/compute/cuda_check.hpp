// SPDX-License-Identifier: Apache-2.0
// The CUDA runtime's return codes, checked: RunError "<expression>: <reason>".
#pragma once

#include <string>

#include <cuda_runtime_api.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::compute {

inline void check_cuda(cudaError_t code, const char* expression) {
  if (code == cudaSuccess) return;
  throw RunError(std::string(expression) + ": " + cudaGetErrorString(code));
}

#define ZT_CHECK_CUDA(expression) ::zoetrope::compute::check_cuda((expression), #expression)

}  // namespace zoetrope::compute
