// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/cpu_set.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

#include <sched.h>

#include "cpu_bitmap.hpp"

namespace zoetrope::compute {

CpuBitmap to_bitmap(const CpuSet& cpus) {
  CpuBitmap bitmap(hwloc_bitmap_alloc());
  if (!bitmap || hwloc_bitmap_from_ulongs(bitmap.get(), cpus.size(), cpus.data()) != 0)
    throw std::bad_alloc();
  return bitmap;
}

CpuSet to_set(const CpuBitmap& bitmap) {
  CpuSet cpus{};
  hwloc_bitmap_to_ulongs(bitmap.get(), cpus.size(), cpus.data());
  return cpus;
}

CpuSet allowed_cpus() {
  CpuSet cpus{};
  if (sched_getaffinity(0, sizeof cpus, reinterpret_cast<cpu_set_t*>(cpus.data())) != 0)
    throw std::system_error(errno, std::generic_category(), "sched_getaffinity");
  return cpus;
}

int count_cpus(const std::vector<CpuSet>& all) {
  const CpuBitmap together = to_bitmap({});
  for (const CpuSet& cpus : all) hwloc_bitmap_or(together.get(), together.get(), to_bitmap(cpus).get());
  return hwloc_bitmap_weight(together.get());
}

std::string format_cpus(const CpuSet& cpus) {
  const CpuBitmap bitmap = to_bitmap(cpus);
  std::string text(static_cast<std::size_t>(hwloc_bitmap_list_snprintf(nullptr, 0, bitmap.get())), '\0');
  hwloc_bitmap_list_snprintf(text.data(), text.size() + 1, bitmap.get());
  return text;
}

CpuSet parse_cpus(const std::string& text) {
  const CpuBitmap bitmap = to_bitmap({});
  if (hwloc_bitmap_list_sscanf(bitmap.get(), text.c_str()) != 0) return {};
  return to_set(bitmap);
}

bool have_common_cpus(const CpuSet& a, const CpuSet& b) {
  return hwloc_bitmap_intersects(to_bitmap(a).get(), to_bitmap(b).get()) != 0;
}

int fair_share(const std::vector<CpuSet>& all, int local_rank) {
  std::vector<CpuBitmap> users;
  for (const CpuSet& cpus : all) users.push_back(to_bitmap(cpus));
  const hwloc_const_bitmap_t mine = users[static_cast<std::size_t>(local_rank)].get();
  double share = 0.0;
  for (int cpu = hwloc_bitmap_first(mine); cpu >= 0; cpu = hwloc_bitmap_next(mine, cpu))
    share += 1.0 / static_cast<double>(std::ranges::count_if(users, [cpu](const CpuBitmap& user) {
               return hwloc_bitmap_isset(user.get(), static_cast<unsigned>(cpu)) != 0;
             }));
  return std::max(1, static_cast<int>(share + 1e-6));
}

}  // namespace zoetrope::compute
