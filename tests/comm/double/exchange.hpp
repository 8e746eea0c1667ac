// SPDX-License-Identifier: Apache-2.0
// Runs collectives on host memory, by MPI, and compares the ranks' calls. All waiting ends when the
// communicator is aborted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <mpi.h>
#include <nccl.h>

#include "model.hpp"

namespace zoetrope::comm::nccl_double {

enum class Kind : std::int32_t { kAllReduce, kReduce, kBroadcast, kAllGather, kSend, kReceive };

// One call. What all ranks must agree on comes first; it is compared as it is.
struct Call {
  struct Agreed {
    std::int64_t group = 0;  // number of the group on this communicator
    std::int64_t index = 0;  // within the group's collectives
    std::int64_t count = 0;
    std::int32_t kind = 0;
    std::int32_t type = 0;
    std::int32_t op = 0;
    std::int32_t root = 0;
  };
  Agreed agreed;
  std::vector<Agreed> of_all_ranks;  // while they are compared
  int peer = -1;                     // of a send or a receive
  std::shared_ptr<InFlight> operation;

  Kind kind() const { return static_cast<Kind>(agreed.kind); }
  bool is_point_to_point() const { return kind() == Kind::kSend || kind() == Kind::kReceive; }
};

std::size_t size_of_type(ncclDataType_t type);
std::string describe(const Call::Agreed& call);

struct Aborted : std::runtime_error {
  Aborted() : std::runtime_error("aborted") {}
};
struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One communicator's ranks.
class Exchange {
 public:
  Exchange(MPI_Comm comm, const std::atomic<bool>& aborted) : comm_(comm), aborted_(aborted) {}

  // Executes a group; each throws Aborted or Mismatch.
  void run(std::vector<Call>& group);
  void barrier();

  MPI_Comm comm() const { return comm_; }

 private:
  void wait(std::vector<MPI_Request>& requests);
  void compare(Call& call);
  void run_collective(Call& call);
  void run_point_to_point(std::vector<Call>& group);

  MPI_Comm comm_;
  const std::atomic<bool>& aborted_;
};

// Finds the ranks that hold the same id and makes a communicator of them. `world` carries the search.
MPI_Comm rendezvous(MPI_Comm world, const ncclUniqueId& id, int rank, int size,
                    const std::atomic<bool>& aborted);
ncclUniqueId make_id(MPI_Comm world);

}  // namespace zoetrope::comm::nccl_double
