// SPDX-License-Identifier: Apache-2.0
// The thin layer over MPI's C interface: one check for return codes and one owner for communicators.
#pragma once

#include <utility>

#include <mpi.h>

namespace zoetrope::comm {

// Throws RunError "<expression>: <MPI's words>" unless `code` is MPI_SUCCESS.
void check_mpi(int code, const char* expression);

#define ZT_CHECK_MPI(expression) ::zoetrope::comm::check_mpi((expression), #expression)

// Owns an MPI_Comm. Its errors are returned instead of ending the job, so that check_mpi sees them. Freeing
// it is collective for MPI, so all ranks must drop it at the same point of the program.
class UniqueComm {
 public:
  UniqueComm() = default;
  explicit UniqueComm(MPI_Comm comm);
  ~UniqueComm() { reset(); }
  UniqueComm(UniqueComm&& other) noexcept : comm_(std::exchange(other.comm_, MPI_COMM_NULL)) {}
  UniqueComm& operator=(UniqueComm&& other) noexcept;
  UniqueComm(const UniqueComm&) = delete;
  UniqueComm& operator=(const UniqueComm&) = delete;

  MPI_Comm get() const noexcept { return comm_; }
  void reset() noexcept;

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

// This process's rank in `comm`, and how many ranks that has.
int rank_in(MPI_Comm comm);
int size_of(MPI_Comm comm);

// A communicator of its own with the same ranks. Collective.
UniqueComm duplicate(MPI_Comm comm);

// Completes `request`, after a while with sleep in between: another rank may have work for minutes, such as
// an animation to encode, and use for this core.
void wait_patiently(MPI_Request request);

}  // namespace zoetrope::comm
