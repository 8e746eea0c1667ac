// SPDX-License-Identifier: Apache-2.0
#include "compute_choice.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "zoetrope/comm/device_choice.hpp"
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::pipeline {

namespace {

constexpr std::pair<int, int> kFirstWithBFloat16 = {8, 0};

}  // namespace

std::optional<compute::Device> choose_gpu(comm::World& world, const Options& options) {
  if (!options.compute.device || options.compute.device == compute::DeviceChoice::kCpu) return std::nullopt;
  const compute::DeviceQuery query = compute::cuda_devices();
  if (!comm::all_ranks_have_device(world.communicator(), query)) {
    if (options.compute.device == compute::DeviceChoice::kCuda)
      throw UsageError("--device cuda: " +
                       (query.list().empty() ? query.why_none : "another rank's host has no GPU"));
    return std::nullopt;
  }
  compute::Device gpu =
      comm::select_device(world.communicator(), comm::Place::of(world), query, comm::nccl_version());
  compute::bind_to_cores_near(gpu);
  return gpu;
}

void check_choice(const Options& options, bool has_gpu) {
  if (options.trains && options.training.graph == train::GraphMode::kOn && !has_gpu)
    throw UsageError("--cuda-graph on: the ranks compute on CPUs, which queue no work to capture");
  if (options.compute.backend == Backend::kNccl && !has_gpu)
    throw UsageError("--backend nccl: the ranks compute on CPUs, which talk through mpi");
  if (options.compute.backend == Backend::kMpi && has_gpu)
    throw UsageError(
        "--backend mpi: the ranks compute on GPUs, which talk through nccl (or give --device cpu)");
  if (options.compute.precision == model::Precision::kTensorFloat32 && !has_gpu)
    throw UsageError("--precision tf32: the ranks compute on CPUs, which have fp32 and bf16");
}

model::Precision default_precision(comm::Communicator& control, const std::optional<compute::Device>& gpu) {
  if (!gpu) return model::Precision::kFloat32;
  const std::int64_t is_fast = gpu->capability >= kFirstWithBFloat16 ? 1 : 0;
  return comm::all_reduce_scalar(control, is_fast, comm::ReduceOp::kMin) == 1 ? model::Precision::kBFloat16
                                                                              : model::Precision::kFloat32;
}

}  // namespace zoetrope::pipeline
