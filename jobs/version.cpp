// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/store/hdf5.hpp"

#include "jobs.hpp"

namespace zoetrope::jobs {

std::string version_text() {
  return std::string("zoetrope ") + ZOETROPE_VERSION + "\nlibtorch " + TORCH_VERSION + " (" +
         at::get_cpu_capability() + ")\nMPI " + comm::mpi_library_version() + "\nHDF5 " +
         store::hdf5_library_version() + "\ndevices: CPU\n";
}

}  // namespace zoetrope::jobs
