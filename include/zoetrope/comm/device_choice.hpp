// SPDX-License-Identifier: Apache-2.0
// Which GPU each rank computes on.
#pragma once

#include <string>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/compute/device.hpp"

namespace zoetrope::comm {

struct Place {
  std::string host;
  int local_rank = 0;

  static Place of(const World& world) { return {world.host(), world.local_rank()}; }
};

// The device of this rank: of the n devices it sees, number local_rank mod n, so that it works both where
// every rank sees all devices of its host and where each sees its own only, as Slurm's --gpus-per-task does.
// Collective over `control`. RunError, the same on every rank, when a rank sees no device or when two share
// one: the message has the numbers of ranks and GPUs of the host and says which ranks clash. Where NCCL,
// of version `nccl` ("2.30.7"), can serve them and is asked to, that is a warning.
compute::Device select_device(Communicator& control, const Place& place, const compute::DeviceQuery& query,
                              const std::string& nccl);

// Whether the environment asks NCCL to serve ranks that share a GPU: NCCL_MULTI_RANK_GPU_ENABLE=1. Good for
// tests on a machine of one GPU only, where the ranks take turns.
bool is_asked_to_share_devices();

// Whether every rank sees a device. Collective; what --device auto asks.
bool all_ranks_have_device(Communicator& control, const compute::DeviceQuery& query);

}  // namespace zoetrope::comm
