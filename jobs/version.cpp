// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "zoetrope/comm/device.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/store/hdf5.hpp"

#include "jobs.hpp"

namespace zoetrope::jobs {

namespace {

std::string devices_text() {
  const std::string libraries = comm::cuda_libraries();
  std::string text = libraries.empty() ? "" : libraries + "\n";
  const comm::DeviceQuery query = comm::cuda_devices();
  const auto devices = query.list();
  text += "devices: CPU";
  for (const comm::Device& device : devices) text += ", " + device.name;
  if (devices.empty() && !libraries.empty()) text += " (no GPU: " + query.why_none + ")";
  return text + "\n";
}

}  // namespace

std::string version_text() {
  return std::string("zoetrope ") + ZOETROPE_VERSION + "\nlibtorch " + TORCH_VERSION + " (" +
         at::get_cpu_capability() + ")\nMPI " + comm::mpi_library_version() + "\nHDF5 " +
         store::hdf5_library_version() + "\n" + devices_text();
}

}  // namespace zoetrope::jobs
