// SPDX-License-Identifier: Apache-2.0
#include "nccl/check.hpp"

#include <string>

#include "zoetrope/support/error.hpp"

namespace zoetrope::comm {

void check_nccl(ncclResult_t code, const char* expression) {
  if (code == ncclSuccess || code == ncclInProgress) return;
  std::string message = std::string(expression) + ": " + ncclGetErrorString(code);
  const char* detail = ncclGetLastError(nullptr);
  if (detail != nullptr && detail[0] != '\0') message += std::string(" (") + detail + ")";
  throw RunError(message + "; NCCL_DEBUG=INFO tells more");
}

}  // namespace zoetrope::comm
