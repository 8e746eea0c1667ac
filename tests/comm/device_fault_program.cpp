// SPDX-License-Identifier: Apache-2.0
// A job over the double of NCCL and CUDA in which the device, its driver or NCCL of one rank, or of all, goes
// wrong in a given way; faults_test.py starts it under mpirun and looks at its end.
//   device_fault_program FAULT RANK      RANK -1: all
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <ATen/ATen.h>
#include <unistd.h>

#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/comm/world.hpp"

#include "comm/double/double.hpp"

namespace {

using namespace std::chrono_literals;
namespace comm = zoetrope::comm;
using comm::nccl_double::Fault;

constexpr std::chrono::seconds kTimeout = 3s;

const std::map<std::string, Fault> kFaults = {
    {"device-hangs", Fault::kCollectivesHang},   {"device-lost", Fault::kDeviceIsLost},
    {"call-hangs", Fault::kCallsStayInProgress}, {"driver-silent", Fault::kEventsAreNotAnswered},
    {"nccl-silent", Fault::kNcclIsNotAnswering}, {"nccl-silent-in-a-call", Fault::kNcclIsNotAnswering}};

// The host does something else while the collective should go on.
bool is_met_by_the_watchdog_alone(const std::string& fault) {
  return fault == "device-lost" || fault == "driver-silent" || fault == "nccl-silent";
}

void work(comm::World& world, const std::string& fault, bool faulty) {
  const auto communicator = comm::make_nccl_communicator(world, 0);
  at::Tensor tensor = at::ones({1000});
  for (int step = 0; step < 3; ++step) communicator->all_reduce(tensor, comm::ReduceOp::kAverage);
  std::unique_ptr<comm::Work> begun;
  world.set_stage("training");
  world.communicator().barrier();
  if (fault == "driver-silent" || fault == "device-lost") {
    // Asked for as long as it has not ended.
    comm::nccl_double::set_fault(Fault::kCollectivesHang);
    begun = communicator->all_reduce_async(tensor, comm::ReduceOp::kAverage);
  }
  world.communicator().barrier();
  if (faulty) {
    std::printf("fault: rank %d pid %d\n", world.rank(), static_cast<int>(getpid()));
    std::fflush(stdout);
    comm::nccl_double::set_fault(kFaults.at(fault));
  }
  while (is_met_by_the_watchdog_alone(fault)) std::this_thread::sleep_for(1h);
  communicator->all_reduce(tensor, comm::ReduceOp::kAverage);
}

}  // namespace

int main(int argc, char** argv) {
  comm::World world(argc, argv);
  if (argc != 3) world.abort(2);
  world.set_timeout(kTimeout);
  comm::nccl_double::set_up();
  const int faulty = std::atoi(argv[2]);
  work(world, argv[1], faulty < 0 || faulty == world.rank());
  return 0;
}
