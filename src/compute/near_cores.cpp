// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>

#include <sched.h>

#include "zoetrope/compute/cpu_set.hpp"
#include "zoetrope/compute/device.hpp"

namespace zoetrope::compute {

namespace {

// "0-3,8" as a set. What is no such list ends it.
CpuSet parse_cpu_list(const std::string& text) {
  CpuSet cpus{};
  const char* at = text.c_str();
  while (std::isdigit(static_cast<unsigned char>(*at)) != 0) {
    char* end = nullptr;
    const unsigned long first = std::strtoul(at, &end, 10);
    const unsigned long last = *end == '-' ? std::strtoul(end + 1, &end, 10) : first;
    for (unsigned long cpu = first; cpu <= last && cpu < cpus.size() * 64; ++cpu) {
      cpus[cpu / 64] |= std::uint64_t{1} << (cpu % 64);
    }
    at = *end == ',' ? end + 1 : end;
  }
  return cpus;
}

}  // namespace

std::string bind_to_cores_near(const Device& device, const std::string& sysfs) {
  std::string address = device.pci_address;
  std::transform(address.begin(), address.end(), address.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  std::ifstream file(sysfs + "/bus/pci/devices/" + address + "/local_cpulist");
  std::string list;
  if (!std::getline(file, list)) return "";
  CpuSet cpus = parse_cpu_list(list);
  const CpuSet allowed = allowed_cpus();
  for (std::size_t i = 0; i < cpus.size(); ++i) cpus[i] &= allowed[i];
  if (count_cpus(cpus) == 0) return "";
  if (sched_setaffinity(0, sizeof cpus, reinterpret_cast<const cpu_set_t*>(cpus.data())) != 0) return "";
  return format_cpus(cpus);
}

}  // namespace zoetrope::compute
