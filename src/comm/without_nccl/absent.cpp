// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::comm {

std::unique_ptr<Communicator> make_nccl_communicator(World&, int, std::chrono::seconds) {
  throw RunError("no NCCL: this zoetrope was built without CUDA; build the preset cuda");
}

std::string nccl_version() {
  return "";
}

}  // namespace zoetrope::comm
