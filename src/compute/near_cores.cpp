// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include <hwloc/linux.h>
#include <sched.h>

#include "zoetrope/compute/cpu_set.hpp"
#include "zoetrope/compute/device.hpp"

#include "cpu_bitmap.hpp"

namespace zoetrope::compute {

std::string bind_to_cores_near(const Device& device, const std::string& sysfs) {
  std::string address = device.pci_address;
  std::transform(address.begin(), address.end(), address.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const std::string path = sysfs + "/bus/pci/devices/" + address + "/local_cpus";
  const CpuBitmap near = to_bitmap({});
  if (hwloc_linux_read_path_as_cpumask(path.c_str(), near.get()) != 0) return "";
  hwloc_bitmap_and(near.get(), near.get(), to_bitmap(allowed_cpus()).get());
  if (hwloc_bitmap_iszero(near.get()) != 0) return "";
  const CpuSet cpus = to_set(near);
  if (sched_setaffinity(0, sizeof cpus, reinterpret_cast<const cpu_set_t*>(cpus.data())) != 0) return "";
  return format_cpus(cpus);
}

}  // namespace zoetrope::compute
