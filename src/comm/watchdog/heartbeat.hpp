// SPDX-License-Identifier: Apache-2.0
// The ranks' reports on their way to rank 0, and rank 0's to its deputies. Nothing here blocks: a heartbeat
// that cannot leave yet is skipped.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include <mpi.h>

#include "mpi/mpi_handle.hpp"
#include "watchdog/activity.hpp"

namespace zoetrope::comm {

class HeartbeatExchange {
 public:
  explicit HeartbeatExchange(UniqueComm comm) : comm_(std::move(comm)) {}

  // Sends `report` to `rank`, unless the one before is still under way.
  void send(int rank, const RankReport& report);
  // Sends the last message to `rank`: no heartbeat follows it. False while the one before is still under way.
  bool send_goodbye(int rank);
  // True when nothing sent to `rank` is under way any more.
  bool is_idle(int rank);

  // Takes in all that has arrived.
  void receive(const std::function<void(int rank, const RankReport&)>& on_report,
               const std::function<void(int rank)>& on_goodbye);

 private:
  struct Outgoing {
    MPI_Request request = MPI_REQUEST_NULL;
    RankReport report;
  };

  UniqueComm comm_;
  std::map<int, Outgoing> outgoing_;
};

}  // namespace zoetrope::comm
