// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "zoetrope/comm/device_choice.hpp"
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/support/error.hpp"

#include "nccl/check.hpp"
#include "nccl/nccl_communicator.hpp"

namespace zoetrope::comm {
namespace {

std::string version_text(int code) {
  return std::to_string(code / 10000) + "." + std::to_string(code / 100 % 100) + "." +
         std::to_string(code % 100);
}

// Two copies of libnccl in one process break groups silently (pytorch issue 42517). Where ranks are to share
// a GPU, a newer one that was put before it on purpose is taken: an older one cannot serve them.
void check_loaded_version() {
  int loaded = 0;
  ZT_CHECK_NCCL(ncclGetVersion(&loaded));
  if (loaded / 100 == NCCL_VERSION_CODE / 100) return;
  if (is_asked_to_share_devices() && loaded > NCCL_VERSION_CODE) return;
  throw RunError("NCCL " + version_text(loaded) + " was loaded, but zoetrope was built for " +
                 version_text(NCCL_VERSION_CODE) + "; look for another libnccl.so.2 in LD_LIBRARY_PATH");
}

}  // namespace

std::unique_ptr<Communicator> make_nccl_communicator(World& world, int ordinal,
                                                     std::chrono::seconds timeout) {
  check_loaded_version();
  return connect_nccl(world.communicator().split(0), make_device_context(ordinal), world.watch(), timeout);
}

std::string nccl_version() {
  int loaded = 0;
  ZT_CHECK_NCCL(ncclGetVersion(&loaded));
  return version_text(loaded);
}

}  // namespace zoetrope::comm
