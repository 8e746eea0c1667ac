// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/host_memory.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

#include <sys/sysinfo.h>

namespace zoetrope::support {

namespace {

// The number behind `name` in a file of lines as "name number ...".
std::optional<std::int64_t> named_number(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  std::int64_t value = 0;
  for (std::string word, rest; file >> word; std::getline(file, rest))
    if (word == name && file >> value) return value;
  return std::nullopt;
}

// Of the files of the two versions the one that is there. None: also "max", which is no limit.
std::optional<std::int64_t> number_in(const std::string& folder, const char* version_2,
                                      const char* version_1) {
  for (const char* name : {version_2, version_1}) {
    std::ifstream file(folder + "/" + name);
    if (std::int64_t value = 0; file >> value) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> limit_in(const std::string& folder) {
  return number_in(folder, "memory.max", "memory.limit_in_bytes");
}

// Whether a line of /proc/self/cgroup, as "4:cpu,cpuacct:/job", speaks of the controller.
bool has_controller(std::string_view controllers, std::string_view controller) {
  while (!controllers.empty()) {
    const std::size_t end = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, end) == controller) return true;
    controllers.remove_prefix(std::min(end + 1, controllers.size()));
  }
  return false;
}

}  // namespace

std::vector<std::string> cgroup_folders(std::string_view controller, const std::string& root) {
  std::vector<std::string> folders;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::string top = root + "/sys/fs/cgroup";
    if (const std::string controllers = line.substr(first + 1, second - first - 1); !controllers.empty()) {
      if (!has_controller(controllers, controller)) continue;
      top.append("/").append(controller);
    }
    for (std::string folder = top + line.substr(second + 1); folder.starts_with(top);
         folder.erase(folder.find_last_of('/')))
      folders.push_back(folder);
  }
  return folders;
}

std::int64_t memory_of_host() {
  struct sysinfo info {};
  return ::sysinfo(&info) == 0 ? static_cast<std::int64_t>(info.totalram) * info.mem_unit : 0;
}

std::int64_t available_memory(const std::string& root) {
  std::int64_t least = named_number(root + "/proc/meminfo", "MemAvailable:").value_or(0) * 1024;
  for (const std::string& folder : cgroup_folders("memory", root)) {
    const auto limit = limit_in(folder);
    const auto used = number_in(folder, "memory.current", "memory.usage_in_bytes");
    if (!limit || !used) continue;
    const std::string details = folder + "/memory.stat";
    const auto of_files = named_number(details, "total_inactive_file");  // version 1's, of all groups in it
    const std::int64_t given_up = of_files ? *of_files : named_number(details, "inactive_file").value_or(0);
    least = std::min(least, std::max<std::int64_t>(*limit - (*used - given_up), 0));
  }
  return least;
}

std::int64_t usable_memory(const std::string& root) {
  std::int64_t least = memory_of_host();
  for (const std::string& folder : cgroup_folders("memory", root))
    if (const auto limit = limit_in(folder)) least = std::min(least, *limit);
  return least;
}

}  // namespace zoetrope::support
