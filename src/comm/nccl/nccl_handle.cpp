// SPDX-License-Identifier: Apache-2.0
#include "nccl/nccl_handle.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::comm {
namespace {

using Clock = std::chrono::steady_clock;

ncclConfig_t non_blocking() {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return config;
}

}  // namespace

NcclHandle::NcclHandle(const ncclUniqueId& id, int rank, int size, std::chrono::milliseconds timeout)
    : timeout_(timeout), unwinding_(std::uncaught_exceptions()) {
  ncclConfig_t config = non_blocking();
  ZT_CHECK_NCCL(ncclCommInitRankConfig(&comm_, size, id, rank, &config));
  try {
    settle("ncclCommInitRankConfig", Clock::now() + timeout_);
  } catch (...) {
    abort();
    throw;
  }
}

NcclHandle::NcclHandle(NcclHandle& parent, int color, int key)
    : timeout_(parent.timeout_), unwinding_(std::uncaught_exceptions()) {
  ncclConfig_t config = non_blocking();
  {
    const std::lock_guard lock(parent.mutex_);
    parent.require_alive("ncclCommSplit");
    ZT_CHECK_NCCL(ncclCommSplit(parent.comm_, color, key, &comm_, &config));
  }
  const auto deadline = Clock::now() + timeout_;
  parent.settle("ncclCommSplit", deadline);  // the new communicator is there only after that
  try {
    settle("ncclCommSplit", deadline);
  } catch (...) {
    abort();
    throw;
  }
}

NcclHandle::~NcclHandle() {
  if (std::uncaught_exceptions() > unwinding_) abort();
  if (comm_ == nullptr) return;
  try {
    ZT_CHECK_NCCL(ncclCommFinalize(comm_));
    settle("ncclCommFinalize", Clock::now() + timeout_);
    ncclCommDestroy(comm_);
  } catch (const std::exception&) {  // a peer is gone: nothing is left to be finalised with it
    abort();
  }
}

void NcclHandle::settle(const char* what, Deadline deadline) {
  for (auto pause = std::chrono::microseconds(1);;
       pause = std::min(pause * 2, std::chrono::microseconds(1000))) {
    {
      const std::lock_guard lock(mutex_);
      require_alive(what);
      ncclResult_t state = ncclSuccess;
      check_nccl(ncclCommGetAsyncError(comm_, &state), "ncclCommGetAsyncError");
      check_nccl(state, what);
      if (state != ncclInProgress) return;
    }
    if (deadline && Clock::now() > *deadline) {
      throw RunError(std::string(what) + ": some rank did not come within " +
                     std::to_string(timeout_.count() / 1000) + " s; NCCL_DEBUG=INFO tells more");
    }
    std::this_thread::sleep_for(pause);
  }
}

void NcclHandle::require_alive(const char* what) const {
  if (comm_ == nullptr) throw RunError(std::string(what) + " was aborted");
}

std::optional<std::string> NcclHandle::async_error() {
  // Who holds it makes calls, and sees their errors; the watchdog must not wait for a call that does not end.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return std::nullopt;
  if (comm_ == nullptr) return "NCCL: the communicator was aborted";
  ncclResult_t state = ncclSuccess;
  if (ncclCommGetAsyncError(comm_, &state) != ncclSuccess) return "NCCL does not answer";
  if (state == ncclSuccess || state == ncclInProgress) return std::nullopt;
  return std::string("NCCL: ") + ncclGetErrorString(state) + " (" + ncclGetLastError(comm_) + ")";
}

void NcclHandle::abort() noexcept {
  const std::lock_guard lock(mutex_);
  if (comm_ != nullptr) ncclCommAbort(std::exchange(comm_, nullptr));
}

void* NcclHandle::register_buffer(void* data, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  require_alive("ncclCommRegister");
  void* registration = nullptr;
  ZT_CHECK_NCCL(ncclCommRegister(comm_, data, bytes, &registration));
  return registration;
}

void NcclHandle::deregister_buffer(void* registration) noexcept {
  const std::lock_guard lock(mutex_);
  if (comm_ != nullptr) ncclCommDeregister(comm_, registration);
}

}  // namespace zoetrope::comm
