// SPDX-License-Identifier: Apache-2.0
// The MPI job this process belongs to: initialised first in main() and finalised last.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

class Activity;

class World {
 public:
  // MPI_Init_thread(MPI_THREAD_MULTIPLE); RunError when MPI grants less. Where the program has initialised
  // MPI itself, the world neither initialises nor finalises it. Collective. A watchdog thread starts with it:
  // a rank that waits in one collective for longer than `timeout` ends the whole job, after saying on
  // standard error which collective it is, in which stage, and which ranks have not reached it.
  World(int& argc, char**& argv);
  // Ends the watchdog and finalises MPI. When an exception is unwinding, call abort() first: peers may wait.
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  int rank() const;
  int size() const;
  const std::string& host() const;
  int local_rank() const;  // among the ranks of this host (MPI_Comm_split_type SHARED)
  int local_size() const;

  void set_timeout(std::chrono::seconds timeout);
  // Says that this rank computes on `threads` CPU threads; 0: on a device. By default asynchronous
  // all-reduces of communicator() go on in a thread of their own. Where all ranks are on one host and compute
  // on all of its cores, that thread would take its time from the computation and disturb it, and the sums
  // themselves are work of the cores: there they are done by who waits for them. Sums of three or more ranks
  // differ between the two ways in the last bits. Collective; none may be under way.
  void set_compute_threads(int threads);
  // Names what the job is doing, for the watchdog's report and the timeline: "training, step 120".
  void set_stage(const std::string& stage);
  // Called once in the watchdog's thread when this job ends without the caller's doing, with the reason, or a
  // signal says that it may, with none: what is to be saved of a rank. It is given two seconds. Empty:
  // nothing.
  void set_last_words(std::function<void(const std::string& reason)> words);

  // How far rank 0's clock is ahead of this rank's, in the nanoseconds of `clock`; exact to half the time
  // that a message and its answer take, and 0 within that. Collective.
  std::int64_t clock_lead(const std::function<std::int64_t()>& clock);

  // CPU tensors over MPI, all ranks. Owned by the world; made at construction.
  Communicator& communicator();

  // Where backends say what they wait for.
  const std::shared_ptr<Activity>& watch() const;

  // Ends every rank at once with this exit code (MPI_Abort). Does not return.
  [[noreturn]] void abort(int exit_code);

 private:
  friend int threads_per_rank(const World& world);
  struct State;
  std::unique_ptr<State> state_;
};

// "OpenMPI 4.1.4": what the loaded library says of itself.
std::string mpi_library_version();

// The number of threads a rank should compute with: the cores this process may run on, shared evenly by the
// ranks of its host (at least 1). libtorch is told so explicitly: under mpirun its default is one thread.
int threads_per_rank(const World& world);

}  // namespace zoetrope::comm
