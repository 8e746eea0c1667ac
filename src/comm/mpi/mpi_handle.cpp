// SPDX-License-Identifier: Apache-2.0
#include "mpi/mpi_handle.hpp"

#include <chrono>
#include <string>
#include <thread>

#include "zoetrope/support/error.hpp"

namespace zoetrope::comm {

void check_mpi(int code, const char* expression) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw RunError(std::string(expression) + ": " + text);
}

UniqueComm::UniqueComm(MPI_Comm comm) : comm_(comm) {
  if (comm_ != MPI_COMM_NULL) MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
}

UniqueComm& UniqueComm::operator=(UniqueComm&& other) noexcept {
  if (this != &other) {
    reset();
    comm_ = std::exchange(other.comm_, MPI_COMM_NULL);
  }
  return *this;
}

void UniqueComm::reset() noexcept {
  if (comm_ == MPI_COMM_NULL) return;
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Comm_free(&comm_);
  comm_ = MPI_COMM_NULL;
}

int rank_in(MPI_Comm comm) {
  int rank = 0;
  ZT_CHECK_MPI(MPI_Comm_rank(comm, &rank));
  return rank;
}

int size_of(MPI_Comm comm) {
  int size = 1;
  ZT_CHECK_MPI(MPI_Comm_size(comm, &size));
  return size;
}

UniqueComm duplicate(MPI_Comm comm) {
  MPI_Comm copy = MPI_COMM_NULL;
  ZT_CHECK_MPI(MPI_Comm_dup(comm, &copy));
  return UniqueComm(copy);
}

void wait_patiently(MPI_Request request) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kBusy{2}, kPause{1};
  const auto start = Clock::now();
  for (int done = 0;;) {
    ZT_CHECK_MPI(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    if (done != 0) return;
    if (Clock::now() - start > kBusy) std::this_thread::sleep_for(kPause);
  }
}

}  // namespace zoetrope::comm
