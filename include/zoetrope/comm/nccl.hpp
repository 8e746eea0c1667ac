// SPDX-License-Identifier: Apache-2.0
// NCCL for CUDA tensors. A build without CUDA has these functions, too.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/world.hpp"

namespace zoetrope::comm {

// Tensors on CUDA device `ordinal` (of those this process sees) of each rank; all ranks of the world.
// Collective; to be dropped before the world. Its collectives are ordered on the device by streams and
// events: no call waits for the device. Throws RunError when a rank does not come within `timeout`, on every
// rank when one has loaded NCCL of another version than it was built for, or when this build is without CUDA.
std::unique_ptr<Communicator> make_nccl_communicator(
    World& world, int ordinal, std::chrono::seconds timeout = std::chrono::seconds(300));

// "2.30.7": the loaded library's; "" in a build without CUDA.
std::string nccl_version();

}  // namespace zoetrope::comm
