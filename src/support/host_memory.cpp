// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/host_memory.hpp"

#include <algorithm>
#include <fstream>

#include <sys/sysinfo.h>

namespace zoetrope::support {

namespace {

// The folder of this process's cgroup of version 2; "" where there is none.
std::string cgroup_folder() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);)
    if (line.starts_with("0::")) return "/sys/fs/cgroup" + line.substr(3);
  return "";
}

}  // namespace

std::vector<std::string> cgroup_folders() {
  std::vector<std::string> folders;
  for (std::string folder = cgroup_folder(); folder.starts_with("/sys/fs/cgroup");
       folder.erase(folder.find_last_of('/')))
    folders.push_back(folder);
  return folders;
}

std::int64_t memory_of_host() {
  struct sysinfo info {};
  return ::sysinfo(&info) == 0 ? static_cast<std::int64_t>(info.totalram) * info.mem_unit : 0;
}

std::int64_t available_memory() {
  std::int64_t least = 0;
  std::ifstream info("/proc/meminfo");
  for (std::string name; info >> name;) {
    std::int64_t kib = 0;
    std::string rest;
    info >> kib;
    std::getline(info, rest);
    if (name == "MemAvailable:") least = kib * 1024;
  }
  for (const std::string& folder : cgroup_folders()) {
    std::ifstream limit_file(folder + "/memory.max"), used_file(folder + "/memory.current");
    std::int64_t limit = 0, used = 0;
    if (limit_file >> limit && used_file >> used)
      least = std::min(least, std::max<std::int64_t>(limit - used, 0));
  }
  return least;
}

std::int64_t usable_memory() {
  std::int64_t least = memory_of_host();
  for (const std::string& folder : cgroup_folders()) {
    std::ifstream file(folder + "/memory.max");
    std::int64_t limit = 0;
    if (file >> limit) least = std::min(least, limit);  // else "max": no limit
  }
  return least;
}

}  // namespace zoetrope::support
