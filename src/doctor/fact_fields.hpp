// SPDX-License-Identifier: Apache-2.0
// Facts as JSON, under the names of their fields.
#pragma once

#include "zoetrope/doctor/facts.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::doctor {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LoadedLibrary, name, path, bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DeviceFacts, name, uuid, pci_address, memory_bytes, near_cpus, numa_node)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RankFacts, rank, host, local_rank, pid, cpus, cpus_of_host, cpu_quota,
                                   threads, memory_bytes, memory_available_bytes, open_files, shm_bytes,
                                   shm_error, clock_lead_ns, devices, why_no_device, libraries, versions,
                                   settings, started_by)

}  // namespace zoetrope::doctor
