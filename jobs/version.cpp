// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "zoetrope/analysis/neighbour_search.hpp"
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/compute/device.hpp"
#include "zoetrope/store/hdf5_version.hpp"

#include "jobs.hpp"

namespace zoetrope::jobs {

namespace {

std::string devices_text() {
  const std::string libraries = compute::cuda_libraries();
  std::string text = libraries.empty() ? "" : libraries + ", NCCL " + comm::nccl_version() + "\n";
  const compute::DeviceQuery query = compute::cuda_devices();
  const auto devices = query.list();
  text += "devices: CPU";
  for (const compute::Device& device : devices) text += ", " + device.name;
  if (devices.empty() && !libraries.empty()) text += " (no GPU: " + query.why_none + ")";
  return text + "\n";
}

}  // namespace

std::string version_text() {
  return std::string("zoetrope ") + ZOETROPE_VERSION + "\nlibtorch " + TORCH_VERSION + " (" +
         at::get_cpu_capability() + ")\nMPI " + comm::mpi_library_version() + "\nHDF5 " +
         store::hdf5_library_version() + "\n" +
         (analysis::faiss_version().empty() ? "" : "FAISS " + analysis::faiss_version() + "\n") +
         devices_text();
}

}  // namespace zoetrope::jobs
