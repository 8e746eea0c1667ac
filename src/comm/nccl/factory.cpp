// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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
// a GPU, a newer one that was put before it on purpose is taken: an older one cannot serve them. "": it fits.
std::string misfit_of_loaded_version() {
  int loaded = 0;
  ZT_CHECK_NCCL(ncclGetVersion(&loaded));
  if (loaded / 100 == NCCL_VERSION_CODE / 100) return "";
  if (is_asked_to_share_devices() && loaded > NCCL_VERSION_CODE) return "";
  return "NCCL " + version_text(loaded) + " was loaded, but zoetrope was built for " +
         version_text(NCCL_VERSION_CODE) + "; look for another libnccl.so.2 in LD_LIBRARY_PATH";
}

// The same on every rank: one that left alone would have the others wait for it.
void check_loaded_versions(Communicator& control) {
  const auto misfits = all_gather_strings(control, misfit_of_loaded_version());
  const auto first = std::ranges::find_if(misfits, [](const std::string& text) { return !text.empty(); });
  if (first == misfits.end()) return;
  const bool have_all_the_same =
      std::ranges::all_of(misfits, [&](const std::string& text) { return text == *first; });
  const std::string rank = "rank " + std::to_string(first - misfits.begin()) + ": ";
  throw RunError((have_all_the_same ? "" : rank) + *first);
}

}  // namespace

std::unique_ptr<Communicator> make_nccl_communicator(World& world, int ordinal,
                                                     std::chrono::seconds timeout) {
  check_loaded_versions(world.communicator());
  return connect_nccl(world.communicator().split(0), make_device_context(ordinal), world.watch(), timeout);
}

std::string nccl_version() {
  int loaded = 0;
  ZT_CHECK_NCCL(ncclGetVersion(&loaded));
  return version_text(loaded);
}

}  // namespace zoetrope::comm
