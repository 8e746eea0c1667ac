// SPDX-License-Identifier: Apache-2.0
// Cristian's way (1989): the quickest of some exchanges has the least error.
#include "mpi/clock_lead.hpp"

#include <cstdlib>
#include <limits>

#include "mpi/mpi_handle.hpp"

namespace zoetrope::comm {
namespace {

constexpr int kExchanges = 30;
constexpr int kTag = 1;

void answer(MPI_Comm comm, int rank, const std::function<std::int64_t()>& clock) {
  for (int i = 0; i < kExchanges; ++i) {
    ZT_CHECK_MPI(MPI_Recv(nullptr, 0, MPI_BYTE, rank, kTag, comm, MPI_STATUS_IGNORE));
    const std::int64_t time = clock();
    ZT_CHECK_MPI(MPI_Send(&time, 1, MPI_INT64_T, rank, kTag, comm));
  }
}

std::int64_t ask(MPI_Comm comm, const std::function<std::int64_t()>& clock) {
  std::int64_t shortest = std::numeric_limits<std::int64_t>::max(), lead = 0;
  for (int i = 0; i < kExchanges; ++i) {
    std::int64_t theirs = 0;
    const std::int64_t before = clock();
    ZT_CHECK_MPI(MPI_Send(nullptr, 0, MPI_BYTE, 0, kTag, comm));
    ZT_CHECK_MPI(MPI_Recv(&theirs, 1, MPI_INT64_T, 0, kTag, comm, MPI_STATUS_IGNORE));
    const std::int64_t after = clock();
    if (after - before >= shortest) continue;
    shortest = after - before;
    lead = theirs - (before + shortest / 2);
  }
  // Processes of one host have one clock.
  return std::abs(lead) <= shortest / 2 ? 0 : lead;
}

}  // namespace

std::int64_t measure_clock_lead(MPI_Comm comm, const std::function<std::int64_t()>& clock) {
  if (rank_in(comm) != 0) return ask(comm, clock);
  for (int rank = 1; rank < size_of(comm); ++rank) answer(comm, rank, clock);
  return 0;
}

}  // namespace zoetrope::comm
