// SPDX-License-Identifier: Apache-2.0
// What the ranks of a job compute on, and in what precision.
#pragma once

#include <optional>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/compute/device.hpp"
#include "zoetrope/model/precision.hpp"
#include "zoetrope/pipeline/options.hpp"

namespace zoetrope::pipeline {

// This rank's GPU, or none where the ranks compute on CPUs. Collective: all have one, or none does.
std::optional<compute::Device> choose_gpu(comm::World& world, const Options& options);

// UsageError where options ask for what the ranks' devices do not have.
void check_choice(const Options& options, bool has_gpu);

// What models compute in where --precision does not say: bf16 on GPUs that all have matrix units for it
// (compute capability 8.0), else fp32. `gpu` as choose_gpu() gives it. Collective, and the same on every
// rank.
model::Precision default_precision(comm::Communicator& control, const std::optional<compute::Device>& gpu);

}  // namespace zoetrope::pipeline
