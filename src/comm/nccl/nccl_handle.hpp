// SPDX-License-Identifier: Apache-2.0
// Owner of one ncclComm_t, made non-blocking: each call returns at once and settle() waits with a deadline,
// so that a rank whose peers are missing gets an error instead of hanging.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include <nccl.h>

#include "nccl/check.hpp"

namespace zoetrope::comm {

class NcclHandle {
 public:
  // Collective over the `size` ranks that got `id`. The device must be set. RunError after `timeout`.
  NcclHandle(const ncclUniqueId& id, int rank, int size, std::chrono::milliseconds timeout);
  // The ranks of `parent` that give the same color, ordered by their rank in it. Collective over `parent`.
  NcclHandle(NcclHandle& parent, int color, int key);
  // Lets what is queued end (collective), or aborts when an exception is unwinding or abort() was called.
  ~NcclHandle();
  NcclHandle(const NcclHandle&) = delete;
  NcclHandle& operator=(const NcclHandle&) = delete;

  // Makes NCCL calls as one group and waits until NCCL has taken them all: only then may an event be recorded
  // behind them. `calls(comm)` checks its return codes. There is no deadline here: the watchdog watches.
  template <typename Calls>
  void issue(Calls calls);

  // What NCCL found out beside any call (a broken link, a peer's error); nullopt when all is well.
  std::optional<std::string> async_error();

  // From any thread, also while another waits in issue(), which then throws, as does each call after that.
  void abort() noexcept;

  void* register_buffer(void* data, std::size_t bytes);
  void deregister_buffer(void* registration) noexcept;

 private:
  // Waits while NCCL says ncclInProgress; RunError naming `what` when it fails, is aborted or lasts beyond
  // `deadline`.
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;
  void settle(const char* what, Deadline deadline);
  // RunError naming `what` when abort() was called. With mutex_ held.
  void require_alive(const char* what) const;

  std::mutex mutex_;           // NCCL allows one thread at a time per communicator
  ncclComm_t comm_ = nullptr;  // null when aborted
  std::chrono::milliseconds timeout_;
  int unwinding_;
};

template <typename Calls>
void NcclHandle::issue(Calls calls) {
  {
    const std::lock_guard lock(mutex_);
    require_alive("a collective");
    check_nccl(ncclGroupStart(), "ncclGroupStart");
    try {
      calls(comm_);
    } catch (...) {
      ncclGroupEnd();
      throw;
    }
    check_nccl(ncclGroupEnd(), "ncclGroupEnd");
  }
  settle("a collective", std::nullopt);
}

}  // namespace zoetrope::comm
