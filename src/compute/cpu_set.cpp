// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/cpu_set.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <system_error>

#include <sched.h>

namespace zoetrope::compute {
namespace {

bool has_cpu(const CpuSet& cpus, std::size_t cpu) {
  return ((cpus[cpu / 64] >> (cpu % 64)) & 1) != 0;
}

}  // namespace

CpuSet allowed_cpus() {
  CpuSet cpus{};
  if (sched_getaffinity(0, sizeof cpus, reinterpret_cast<cpu_set_t*>(cpus.data())) != 0) {
    throw std::system_error(errno, std::generic_category(), "sched_getaffinity");
  }
  return cpus;
}

int count_cpus(const CpuSet& cpus) {
  int count = 0;
  for (const std::uint64_t word : cpus) count += std::popcount(word);
  return count;
}

std::string format_cpus(const CpuSet& cpus) {
  std::string text;
  for (std::size_t cpu = 0; cpu < cpus.size() * 64; ++cpu) {
    if (!has_cpu(cpus, cpu)) continue;
    std::size_t last = cpu;
    while (last + 1 < cpus.size() * 64 && has_cpu(cpus, last + 1)) ++last;
    if (!text.empty()) text += ",";
    text += std::to_string(cpu);
    if (last > cpu) text.append("-").append(std::to_string(last));
    cpu = last;
  }
  return text;
}

int fair_share(const std::vector<CpuSet>& all, int local_rank) {
  const CpuSet& mine = all[static_cast<std::size_t>(local_rank)];
  double share = 0.0;
  for (std::size_t cpu = 0; cpu < mine.size() * 64; ++cpu) {
    if (!has_cpu(mine, cpu)) continue;
    const auto users =
        std::count_if(all.begin(), all.end(), [cpu](const CpuSet& set) { return has_cpu(set, cpu); });
    share += 1.0 / static_cast<double>(users);
  }
  return std::max(1, static_cast<int>(share + 1e-6));
}

}  // namespace zoetrope::compute
