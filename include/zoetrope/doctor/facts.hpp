// SPDX-License-Identifier: Apache-2.0
// What a rank knows about itself and its host.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/compute/device.hpp"

namespace zoetrope::doctor {

struct LoadedLibrary {
  std::string name;        // "libmpi": without what versions and packers add
  std::string path;        // of the file, links followed
  std::int64_t bytes = 0;  // of the file
};

struct DeviceFacts {
  std::string name;
  std::string uuid;
  std::string pci_address;
  std::int64_t memory_bytes = 0;
  std::string near_cpus;  // "0-15"; "" where the system does not tell
  int numa_node = -1;
};

struct RankFacts {
  int rank = 0;
  std::string host;
  int local_rank = 0;
  std::int64_t pid = 0;
  std::string cpus;                         // those that it may run on: "0-3,8"
  int cpus_of_host = 0;                     // online
  double cpu_quota = 0;                     // cores' worth of time that its container gets; 0: no limit
  int threads = 0;                          // that it would compute with
  std::int64_t memory_bytes = 0;            // of the host
  std::int64_t memory_available_bytes = 0;  // to this process: of the host, or as its container says
  std::int64_t open_files = 0;              // that it may have
  std::int64_t shm_bytes = 0;               // free in /dev/shm
  std::string shm_error;                    // why nothing can be written there; "": it can
  std::int64_t clock_lead_ns = 0;           // of rank 0's clock, in nanoseconds
  std::vector<DeviceFacts> devices;         // that it sees
  std::string why_no_device;
  std::vector<LoadedLibrary> libraries;         // all of rank 0, of others those that are compared
  std::map<std::string, std::string> versions;  // of zoetrope and its libraries
  std::map<std::string, std::string> settings;  // of the environment
  std::string started_by;                       // "mpirun", "srun" or "itself"
};

// What the environment says, which MPI adds to when it starts: to be taken before.
struct Surroundings {
  std::map<std::string, std::string> settings;  // what changes how a job computes and communicates
  std::string started_by;

  static Surroundings now();
};

// All but the clock. `versions` are the program's.
RankFacts own_facts(const comm::World& world, const compute::DeviceQuery& devices, Surroundings surroundings,
                    std::map<std::string, std::string> versions);

// What the dynamic linker has loaded into this process.
std::vector<LoadedLibrary> loaded_libraries();
// Whether a library of this name is compared between ranks.
bool is_compared(const std::string& library);

// "0-3,8"
std::string format_ranks(const std::vector<int>& ranks);

std::string to_text(const RankFacts& facts);  // as the ranks tell one another
RankFacts parse_facts(const std::string& text);

}  // namespace zoetrope::doctor
