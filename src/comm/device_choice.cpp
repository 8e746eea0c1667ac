// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/device_choice.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::comm {
namespace {

// What the ranks tell each other, a line each.
struct Choice {
  std::string host;
  std::string uuid;  // "" when the rank sees no device
  bool may_share = false;
};

constexpr char kSeparator = '\n';
constexpr std::pair<int, int> kFirstNcclToShare = {2, 30};

std::vector<Choice> exchange(Communicator& control, const Choice& mine) {
  std::vector<Choice> all;
  for (const std::string& text : all_gather_strings(
           control, mine.host + kSeparator + mine.uuid + kSeparator + (mine.may_share ? "1" : ""))) {
    std::istringstream lines(text);
    Choice choice;
    std::getline(lines, choice.host, kSeparator);
    std::getline(lines, choice.uuid, kSeparator);
    choice.may_share = lines.peek() == '1';
    all.push_back(choice);
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

bool can_share_devices(const std::string& nccl) {
  std::pair<int, int> version;
  char dot = 0;
  std::istringstream(nccl) >> version.first >> dot >> version.second;
  return version >= kFirstNcclToShare;
}

// "2 ranks on x have 1 GPU; A: ranks 1, 2", of each host where ranks share one.
std::vector<std::string> shared_devices(const std::vector<Choice>& all) {
  std::map<std::string, std::map<std::string, std::vector<int>>> users;  // by host and device
  std::map<std::string, int> ranks_on;
  for (std::size_t r = 0; r < all.size(); ++r) {
    users[all[r].host][all[r].uuid].push_back(static_cast<int>(r));
    ++ranks_on[all[r].host];
  }
  std::vector<std::string> found;
  for (const auto& [host, devices] : users) {
    if (static_cast<std::size_t>(ranks_on[host]) == devices.size()) continue;
    std::string message = std::to_string(ranks_on[host]) + " ranks on " + host + " have " +
                          std::to_string(devices.size()) + (devices.size() == 1 ? " GPU" : " GPUs");
    for (const auto& [uuid, ranks] : devices) message += "; " + uuid + ": " + rank_list(ranks);
    found.push_back(message);
  }
  return found;
}

void refuse_shared_devices(Communicator& control, const std::vector<Choice>& all, const std::string& nccl) {
  const auto shared = shared_devices(all);
  if (shared.empty()) return;
  const bool is_allowed = std::ranges::all_of(all, [](const Choice& each) { return each.may_share; });
  if (!is_allowed) {
    throw RunError(shared.front() +
                   "; start one rank per GPU (tests may share one: with NCCL 2.30 or newer, " +
                   "NCCL_MULTI_RANK_GPU_ENABLE=1 lets them; here it is NCCL " +
                   broadcast_string(control, nccl, 0) + ")");
  }
  if (control.rank() != 0) return;
  for (const std::string& each : shared)
    support::log_warning(
        each + "; they take turns on it, since NCCL_MULTI_RANK_GPU_ENABLE is 1: that is for tests, and slow");
}

}  // namespace

compute::Device select_device(Communicator& control, const Place& place, const compute::DeviceQuery& query,
                              const std::string& nccl) {
  const std::vector<compute::Device> seen = query.list();
  const compute::Device mine =
      seen.empty() ? compute::Device{} : seen[static_cast<std::size_t>(place.local_rank) % seen.size()];
  const auto all =
      exchange(control, {place.host, mine.uuid, is_asked_to_share_devices() && can_share_devices(nccl)});
  refuse_ranks_without_device(all, query.why_none);
  refuse_shared_devices(control, all, nccl);
  return mine;
}

bool is_asked_to_share_devices() {
  const char* text = std::getenv("NCCL_MULTI_RANK_GPU_ENABLE");
  return text != nullptr && std::string(text) == "1";
}

bool all_ranks_have_device(Communicator& control, const compute::DeviceQuery& query) {
  return all_reduce_scalar(control, std::int64_t{query.list().empty() ? 0 : 1}, ReduceOp::kMin) == 1;
}

}  // namespace zoetrope::comm
