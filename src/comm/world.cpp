// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/world.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <utility>

#include <mpi.h>

#include "zoetrope/comm/launcher.hpp"
#include "zoetrope/comm/rank_watch.hpp"
#include "zoetrope/compute/cpu_set.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/terminal.hpp"
#include "zoetrope/support/trace.hpp"

#include "job_end.hpp"
#include "mpi/clock_lead.hpp"
#include "mpi/mpi_communicator.hpp"
#include "watchdog/watchdog.hpp"

namespace zoetrope::comm {
namespace {

constexpr std::chrono::seconds kDefaultTimeout{600};

// MPI from its start to its end; a program that has started it already ends it, too.
class MpiSession {
 public:
  MpiSession(int& argc, char**& argv) {
    int started = 0;
    int provided = MPI_THREAD_SINGLE;
    MPI_Initialized(&started);
    if (started != 0) {
      MPI_Query_thread(&provided);
    } else {
      ZT_CHECK_MPI(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
      owned_ = true;
    }
    if (provided < MPI_THREAD_MULTIPLE) {
      if (owned_) MPI_Finalize();
      throw RunError(mpi_library_version() +
                     " does not allow several threads (MPI_THREAD_MULTIPLE); use a build that does");
    }
  }
  ~MpiSession() {
    if (owned_) MPI_Finalize();
  }
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

 private:
  bool owned_ = false;
};

UniqueComm split_by_host(MPI_Comm comm) {
  MPI_Comm local = MPI_COMM_NULL;
  ZT_CHECK_MPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local));
  return UniqueComm(local);
}

// One value of a trivially copyable type from every rank.
template <typename T>
std::vector<T> all_gather_bytes(MPI_Comm comm, const T& value) {
  std::vector<T> all(static_cast<std::size_t>(size_of(comm)));
  ZT_CHECK_MPI(MPI_Allgather(&value, sizeof value, MPI_BYTE, all.data(), sizeof value, MPI_BYTE, comm));
  return all;
}

std::vector<std::string> gather_hosts(MPI_Comm comm, const std::string& host) {
  std::array<char, 256> name{};
  std::strncpy(name.data(), host.c_str(), name.size() - 1);
  std::vector<std::string> hosts;
  for (const auto& other : all_gather_bytes(comm, name)) hosts.emplace_back(other.data());
  return hosts;
}

}  // namespace

struct World::State {
  // In the order in which things are made; they end in the reverse order.
  MpiSession session;
  std::string host = host_name();
  UniqueComm local = split_by_host(MPI_COMM_WORLD);
  int rank = rank_in(MPI_COMM_WORLD);
  int size = size_of(MPI_COMM_WORLD);
  int local_rank = rank_in(local.get());
  int local_size = size_of(local.get());
  std::vector<compute::CpuSet> cpus =
      all_gather_bytes(local.get(), compute::allowed_cpus());  // of the host's ranks
  int threads = compute::fair_share(cpus, local_rank);
  std::shared_ptr<Activity> watch = std::make_shared<Activity>();
  Watchdog watchdog{duplicate(MPI_COMM_WORLD), watch, gather_hosts(MPI_COMM_WORLD, host), kDefaultTimeout};
  MpiCommunicator communicator{duplicate(MPI_COMM_WORLD), watch, /*id=*/1, /*label=*/""};
  int unwinding = std::uncaught_exceptions();

  State(int& argc, char**& argv) : session(argc, argv) {}
};

World::World(int& argc, char**& argv) : state_(std::make_unique<State>(argc, argv)) {}

World::~World() {
  try {
    if (std::uncaught_exceptions() > state_->unwinding) {
      support::print_error_line("an error ends rank " + std::to_string(rank()) + " (" + host() +
                                ") while others may wait for it");
      abort(static_cast<int>(ExitCode::kFailed));
    }
    // The watchdog stands guard until every rank has come here; then nobody waits any more.
    set_stage("end");
    state_->communicator.barrier();
  } catch (const std::exception& error) {
    support::print_error_line("rank " + std::to_string(rank()) + " (" + host() +
                              ") cannot end: " + error.what());
    abort(static_cast<int>(ExitCode::kFailed));
  }
  const RankWatch watch(RankWatch::Of::kEnd, state_->watchdog.timeout());
  state_.reset();
}

int World::rank() const {
  return state_->rank;
}
int World::size() const {
  return state_->size;
}
const std::string& World::host() const {
  return state_->host;
}
int World::local_rank() const {
  return state_->local_rank;
}
int World::local_size() const {
  return state_->local_size;
}
void World::set_timeout(std::chrono::seconds timeout) {
  state_->watchdog.set_timeout(timeout);
}
void World::set_compute_threads(int threads) {
  // On one host all ranks see the same cores; on several, messages that cross the network are worth a thread.
  const std::int64_t busy = all_reduce_scalar(state_->communicator, std::int64_t{threads}, ReduceOp::kSum);
  state_->communicator.set_deferred(local_size() == size() && busy >= compute::count_cpus(state_->cpus));
}
void World::set_stage(const std::string& stage) {
  state_->watch->set_stage(stage);
  trace::enter_stage(stage);
}
void World::set_last_words(std::function<void(const std::string&)> words) {
  state_->watch->set_last_words(std::move(words));
}
std::int64_t World::clock_lead(const std::function<std::int64_t()>& clock) {
  state_->communicator.barrier();
  return measure_clock_lead(duplicate(MPI_COMM_WORLD).get(), clock);
}
const std::shared_ptr<Activity>& World::watch() const {
  return state_->watch;
}
Communicator& World::communicator() {
  return state_->communicator;
}

void World::abort(int exit_code) {
  std::fflush(stdout);
  std::fflush(stderr);
  abort_job(exit_code);
}

std::string mpi_library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  std::string version(text);
  version = version.substr(0, version.find_first_of(",\n"));
  const std::string open_mpi = "Open MPI v";
  if (version.rfind(open_mpi, 0) == 0) return "OpenMPI " + version.substr(open_mpi.size());
  return version;
}

int threads_per_rank(const World& world) {
  return world.state_->threads;
}

}  // namespace zoetrope::comm
