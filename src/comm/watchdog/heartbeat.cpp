// SPDX-License-Identifier: Apache-2.0
#include "watchdog/heartbeat.hpp"

#include <type_traits>

namespace zoetrope::comm {
namespace {

constexpr int kReportTag = 1;
constexpr int kGoodbyeTag = 2;
static_assert(std::is_trivially_copyable_v<RankReport>);

}  // namespace

bool HeartbeatExchange::is_idle(int rank) {
  Outgoing& out = outgoing_[rank];
  if (out.request == MPI_REQUEST_NULL) return true;
  int done = 0;
  ZT_CHECK_MPI(MPI_Test(&out.request, &done, MPI_STATUS_IGNORE));
  return done != 0;
}

void HeartbeatExchange::send(int rank, const RankReport& report) {
  if (!is_idle(rank)) return;
  Outgoing& out = outgoing_[rank];
  out.report = report;
  ZT_CHECK_MPI(
      MPI_Isend(&out.report, sizeof(RankReport), MPI_BYTE, rank, kReportTag, comm_.get(), &out.request));
}

bool HeartbeatExchange::send_goodbye(int rank) {
  if (!is_idle(rank)) return false;
  Outgoing& out = outgoing_[rank];
  ZT_CHECK_MPI(MPI_Isend(nullptr, 0, MPI_BYTE, rank, kGoodbyeTag, comm_.get(), &out.request));
  return true;
}

void HeartbeatExchange::receive(const std::function<void(int, const RankReport&)>& on_report,
                                const std::function<void(int)>& on_goodbye) {
  while (true) {
    int arrived = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status{};
    ZT_CHECK_MPI(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_.get(), &arrived, &message, &status));
    if (arrived == 0) return;
    if (status.MPI_TAG == kGoodbyeTag) {
      ZT_CHECK_MPI(MPI_Mrecv(nullptr, 0, MPI_BYTE, &message, MPI_STATUS_IGNORE));
      on_goodbye(status.MPI_SOURCE);
    } else {
      RankReport report;
      ZT_CHECK_MPI(MPI_Mrecv(&report, sizeof report, MPI_BYTE, &message, MPI_STATUS_IGNORE));
      on_report(status.MPI_SOURCE, report);
    }
  }
}

}  // namespace zoetrope::comm
