// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/doctor/facts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "zoetrope/compute/cpu_set.hpp"
#include "zoetrope/support/host_memory.hpp"
#include "zoetrope/support/json.hpp"

#include "fact_fields.hpp"
#include "shared_memory.hpp"

extern "C" char** environ;

namespace zoetrope::doctor {

namespace {

std::string first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string lower(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

DeviceFacts facts_of(const compute::Device& device) {
  const std::string folder = "/sys/bus/pci/devices/" + lower(device.pci_address);
  DeviceFacts facts{device.name, device.uuid, device.pci_address, device.memory_bytes, "", -1};
  if (device.pci_address.empty()) return facts;
  facts.near_cpus = first_line_of(folder + "/local_cpulist");
  const std::string node = first_line_of(folder + "/numa_node");
  std::from_chars(node.data(), node.data() + node.size(), facts.numa_node);
  return facts;
}

double cpu_quota() {
  double least = 0;
  for (const std::string& folder : support::cgroup_folders("cpu")) {
    std::ifstream both(folder + "/cpu.max"), old_quota(folder + "/cpu.cfs_quota_us"),
        old_period(folder + "/cpu.cfs_period_us");
    double quota = 0, period = 0;
    const bool is_limited = (both >> quota >> period) || (old_quota >> quota && old_period >> period);
    if (!is_limited || quota <= 0 || period <= 0) continue;  // "max" and -1: no limit
    if (least == 0 || quota / period < least) least = quota / period;
  }
  return least;
}

std::int64_t open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return static_cast<std::int64_t>(limit.rlim_cur);
}

// What changes how a job computes and communicates. What launchers tell their own processes is left out.
bool is_setting(std::string_view name) {
  constexpr std::array<std::string_view, 12> kBeginnings = {
      "NCCL_", "UCX_",         "HDF5_",        "OMP_",         "GOMP_",        "MKL_",
      "CUDA_", "OMPI_MCA_btl", "OMPI_MCA_pml", "OMPI_MCA_mtl", "OMPI_MCA_oob", "OMPI_MCA_coll"};
  constexpr std::array<std::string_view, 18> kNames = {
      "LD_LIBRARY_PATH",      "LD_PRELOAD",          "PMIX_NAMESPACE",      "PMIX_VERSION",
      "SLURM_JOB_ID",         "SLURM_STEP_ID",       "SLURM_NTASKS",        "SLURM_STEP_NUM_TASKS",
      "SLURM_JOB_NUM_NODES",  "SLURM_CPUS_PER_TASK", "SLURM_CPU_BIND",      "SLURM_GPUS_ON_NODE",
      "SLURM_MPI_TYPE",       "SLURM_RESTART_COUNT", "SLURM_JOB_PARTITION", "SLURM_JOB_END_TIME",
      "SLURM_TASKS_PER_NODE", "SLURM_PMIX_FENCE"};
  for (const std::string_view beginning : kBeginnings)
    if (name.starts_with(beginning)) return true;
  for (const std::string_view known : kNames)
    if (name == known) return true;
  return false;
}

std::map<std::string, std::string> settings_of_environment() {
  std::map<std::string, std::string> found;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t sign = text.find('=');
    if (sign != std::string_view::npos && is_setting(text.substr(0, sign)))
      found.emplace(text.substr(0, sign), text.substr(sign + 1));
  }
  return found;
}

}  // namespace

Surroundings Surroundings::now() {
  const char* by = "itself";
  if (std::getenv("SLURM_STEP_ID") != nullptr) by = "srun";
  if (std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr) by = "mpirun";
  return {settings_of_environment(), by};
}

RankFacts own_facts(const comm::World& world, const compute::DeviceQuery& devices, Surroundings surroundings,
                    std::map<std::string, std::string> versions) {
  RankFacts facts;
  facts.rank = world.rank();
  facts.host = world.host();
  facts.local_rank = world.local_rank();
  facts.pid = ::getpid();
  facts.cpus = compute::format_cpus(compute::allowed_cpus());
  facts.cpus_of_host = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  facts.cpu_quota = cpu_quota();
  facts.threads = comm::threads_per_rank(world);
  facts.memory_bytes = support::memory_of_host();
  facts.memory_available_bytes = support::available_memory();
  facts.open_files = open_files();
  const SharedMemory shared = look_at_shared_memory();
  facts.shm_bytes = shared.free_bytes;
  facts.shm_error = shared.error;
  for (const compute::Device& device : devices.list()) facts.devices.push_back(facts_of(device));
  if (facts.devices.empty()) facts.why_no_device = devices.why_none;
  facts.libraries = loaded_libraries();
  if (facts.rank != 0)  // thousands of ranks are to be told of
    std::erase_if(facts.libraries, [](const LoadedLibrary& each) { return !is_compared(each.name); });
  facts.versions = std::move(versions);
  facts.settings = std::move(surroundings.settings);
  facts.started_by = std::move(surroundings.started_by);
  return facts;
}

std::string format_ranks(const std::vector<int>& ranks) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t end = i + 1;
    while (end < ranks.size() && ranks[end] == ranks[end - 1] + 1) ++end;
    if (!text.empty()) text += ',';
    text += std::to_string(ranks[i]);
    if (end > i + 1) text.append("-").append(std::to_string(ranks[end - 1]));
    i = end;
  }
  return text;
}

std::string to_text(const RankFacts& facts) {
  // A name that is no UTF-8 has signs in its place.
  return support::Json(facts).dump(-1, ' ', false, support::Json::error_handler_t::replace);
}

RankFacts parse_facts(const std::string& text) {
  return support::Json::parse(text).get<RankFacts>();
}

}  // namespace zoetrope::doctor
