// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/device_choice.hpp"

#include <map>

#include "zoetrope/support/error.hpp"

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

}  // namespace

compute::Device select_device(Communicator& control, const Place& place, const compute::DeviceQuery& query) {
  const std::vector<compute::Device> seen = query.list();
  const compute::Device mine =
      seen.empty() ? compute::Device{} : seen[static_cast<std::size_t>(place.local_rank) % seen.size()];
  const auto all = exchange(control, {place.host, mine.uuid});
  refuse_ranks_without_device(all, query.why_none);
  refuse_shared_devices(all);
  return mine;
}

bool all_ranks_have_device(Communicator& control, const compute::DeviceQuery& query) {
  return all_reduce_scalar(control, std::int64_t{query.list().empty() ? 0 : 1}, ReduceOp::kMin) == 1;
}

}  // namespace zoetrope::comm
