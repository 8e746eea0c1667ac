// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/device.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>

#include <sched.h>

#include "zoetrope/support/error.hpp"

#include "host.hpp"

namespace zoetrope::comm {
namespace {

// What the ranks tell each other, a line each.
struct Choice {
  std::string host;
  std::string uuid;  // "" when the rank sees no device
};

constexpr char kSeparator = '\n';

std::vector<Choice> exchange(Communicator& control, const Choice& mine) {
  std::vector<Choice> all;
  for (const std::string& text : all_gather_strings(control, mine.host + kSeparator + mine.uuid)) {
    const std::size_t end = text.find(kSeparator);
    all.push_back({text.substr(0, end), text.substr(end + 1)});
  }
  return all;
}

// "ranks 0, 2, 4"
std::string rank_list(const std::vector<int>& ranks) {
  std::string numbers;
  for (const int rank : ranks) {
    if (!numbers.empty()) numbers.append(", ");
    numbers.append(std::to_string(rank));
  }
  return (ranks.size() == 1 ? "rank " : "ranks ") + numbers;
}

void refuse_ranks_without_device(const std::vector<Choice>& all, const std::string& why_none) {
  std::vector<int> without;
  for (std::size_t r = 0; r < all.size(); ++r) {
    if (all[r].uuid.empty()) without.push_back(static_cast<int>(r));
  }
  if (without.empty()) return;
  const std::string& host = all[static_cast<std::size_t>(without.front())].host;
  throw RunError("no CUDA device for " + rank_list(without) + " (" + rank_list({without.front()}) +
                 " is on " + host + (why_none.empty() ? "" : ": " + why_none) +
                 "); use --device cpu, or look at CUDA_VISIBLE_DEVICES there");
}

void refuse_shared_devices(const std::vector<Choice>& all) {
  std::map<std::string, std::map<std::string, std::vector<int>>> users;  // by host and device
  std::map<std::string, int> ranks_on;
  for (std::size_t r = 0; r < all.size(); ++r) {
    users[all[r].host][all[r].uuid].push_back(static_cast<int>(r));
    ++ranks_on[all[r].host];
  }
  for (const auto& [host, devices] : users) {
    if (static_cast<std::size_t>(ranks_on[host]) == devices.size()) continue;
    std::string message = std::to_string(ranks_on[host]) + " ranks on " + host + " have " +
                          std::to_string(devices.size()) + (devices.size() == 1 ? " GPU" : " GPUs");
    for (const auto& [uuid, ranks] : devices) message += "; " + uuid + ": " + rank_list(ranks);
    throw RunError(message + "; start one rank per GPU");
  }
}

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

Device select_device(Communicator& control, const Place& place, const DeviceQuery& query) {
  const std::vector<Device> seen = query.list();
  const Device mine =
      seen.empty() ? Device{} : seen[static_cast<std::size_t>(place.local_rank) % seen.size()];
  const auto all = exchange(control, {place.host, mine.uuid});
  refuse_ranks_without_device(all, query.why_none);
  refuse_shared_devices(all);
  return mine;
}

bool all_ranks_have_device(Communicator& control, const DeviceQuery& query) {
  return all_reduce_scalar(control, std::int64_t{query.list().empty() ? 0 : 1}, ReduceOp::kMin) == 1;
}

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

}  // namespace zoetrope::comm
