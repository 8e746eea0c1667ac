// SPDX-License-Identifier: Apache-2.0
// A job in which one rank goes wrong in a given way; faults_test.py starts it under mpirun and looks at its
// end.
//   fault_program FAULT RANK
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include <ATen/ATen.h>
#include <mpi.h>
#include <unistd.h>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress_marks.hpp"

namespace {

using namespace std::chrono_literals;
using zoetrope::comm::Communicator;
using zoetrope::comm::ReduceOp;
using zoetrope::comm::World;

constexpr std::chrono::seconds kTimeout = 3s;
bool abort_hangs = false;
bool finalize_stops = false;

void sleep_for_ever() {
  while (true) std::this_thread::sleep_for(1h);
}

void say(const World& world, const char* what) {
  std::printf("%s rank %d pid %d\n", what, world.rank(), static_cast<int>(getpid()));
  std::fflush(stdout);
}

}  // namespace

// These stand before the MPI library's.
extern "C" int MPI_Finalize() {
  if (finalize_stops) raise(SIGSTOP);
  return PMPI_Finalize();
}
extern "C" int MPI_Abort(MPI_Comm comm, int code) {
  if (abort_hangs) sleep_for_ever();
  return PMPI_Abort(comm, code);
}

namespace {

// What the faulty rank does in place of the next collective.
void go_wrong(const std::string& fault) {
  if (fault == "stop") raise(SIGSTOP);
  if (fault == "kill") raise(SIGKILL);
  if (fault == "sleep" || fault == "abort-hangs" || fault == "sleep-in-group" || fault == "sleep-before-work")
    sleep_for_ever();
  if (fault == "throw" || fault == "throw-uncaught") throw std::runtime_error("the disk is full");
}

// Some collectives of every kind, then the one that the faulty rank does not reach.
void work(World& world, const std::string& fault, bool faulty) {
  Communicator& all = world.communicator();
  const auto group = all.split(0);
  const at::Tensor tensor = at::ones({1000});
  for (int step = 0; step < 3; ++step) {
    world.set_stage("training, step " + std::to_string(step));
    all.all_reduce_async(tensor, ReduceOp::kAverage)->wait();
    group->all_reduce(tensor, ReduceOp::kAverage);
    all.barrier();
  }
  if (faulty) {
    world.set_stage("going wrong");
    std::this_thread::sleep_for(600ms);  // so that the others have heard of it
    say(world, "fault:");
    go_wrong(fault);
  }
  if (faulty && fault == "mismatch") all.broadcast(tensor, 0);
  if (fault == "sleep-in-group") group->barrier();
  if (fault == "sleep-before-work") all.all_reduce_async(tensor, ReduceOp::kSum)->wait();
  all.all_reduce(tensor, ReduceOp::kSum);
}

void run(World& world, const std::string& fault, bool faulty) {
  world.set_timeout(kTimeout);
  if (fault == "long-computation") {  // of all ranks: no hang
    std::this_thread::sleep_for(kTimeout * 2);
    world.communicator().barrier();
  } else if (fault == "long-work") {  // of one rank, which says that it gets on: no hang
    const auto end = std::chrono::steady_clock::now() + kTimeout * 2;
    while (faulty && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(100ms);
      zoetrope::support::mark_progress();
    }
    world.communicator().barrier();
  } else if (fault == "signal-to-one") {  // while each works alone: all hear of it
    zoetrope::support::install_signal_handlers();
    if (faulty) say(world, "fault:");
    if (faulty) raise(SIGUSR1);
    while (zoetrope::support::received_signal() == 0) std::this_thread::sleep_for(50ms);
    world.communicator().barrier();
  } else if (fault == "suspended") {  // the driver stops and continues all ranks while they wait
    say(world, "fault:");
    if (faulty) std::this_thread::sleep_for(2s);
    world.communicator().barrier();
  } else if (fault == "stop-at-end") {  // behind the last barrier, where no watchdog is
    if (faulty) say(world, "fault:");
    finalize_stops = faulty;
  } else if (fault == "sleep-at-end") {
    if (faulty) {
      say(world, "fault:");
      sleep_for_ever();
    }
  } else {
    work(world, fault, faulty);
  }
}

}  // namespace

int main(int argc, char** argv) {
  World world(argc, argv);
  if (argc != 3) world.abort(2);
  const std::string fault = argv[1];
  abort_hangs = fault == "abort-hangs";
  const bool faulty = world.rank() == std::atoi(argv[2]);
  if (fault == "throw-uncaught") {  // as in a program whose main() forgets World::abort
    try {
      World inner(argc, argv);
      run(inner, fault, faulty);
    } catch (const std::exception&) {
    }
    return 0;
  }
  try {
    run(world, fault, faulty);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "zoetrope: rank %d: %s\n", world.rank(), error.what());
    world.abort(static_cast<int>(zoetrope::ExitCode::kFailed));
  }
  return 0;
}
