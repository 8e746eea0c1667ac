// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "zoetrope/support/text.hpp"

#include "judgement.hpp"
#include "quantities.hpp"

namespace zoetrope::doctor {

Finding judge_speed(const std::vector<CollectiveTime>& times, int ranks) {
  std::string text;
  for (const CollectiveTime& time : times) {
    if (time.operation != "all_reduce") continue;
    text += (text.empty() ? "all_reduce of " : ", of ") + format_size(time.bytes) + " in " +
            format_time(time.seconds);
    if (time.bytes > (1 << 20)) text += " (" + format_speed(bus_bandwidth(time, ranks)) + ")";
  }
  return {Verdict::kOk, "speed over " + times.front().backend, text, ""};
}

std::vector<Finding> judge_pairs(const std::vector<PairTime>& pairs, std::size_t hosts) {
  constexpr double kMuchSlower = 3;
  constexpr std::size_t kEnoughToCompare = 3;
  if (pairs.empty()) return {};
  const std::string check = "hosts over " + pairs.front().backend;
  std::vector<PairTime> sorted = pairs;
  std::ranges::sort(sorted, {}, &PairTime::bytes_per_second);
  const PairTime& slowest = sorted.front();
  const double median = sorted[sorted.size() / 2].bytes_per_second;
  const std::string between = slowest.host + " and " + slowest.other + ": " +
                              format_speed(slowest.bytes_per_second) + ", " + format_time(slowest.latency_s);
  if (sorted.size() >= kEnoughToCompare && slowest.bytes_per_second * kMuchSlower < median)
    return {
        {Verdict::kWarning, check,
         between + ", and half of the pairs have " + format_speed(median) + " or more",
         "look at the cable, the network card and the interface that MPI takes on these two; every step of a "
         "training waits for the slowest"}};
  const std::size_t all = hosts * (hosts - 1) / 2;
  return {{Verdict::kOk, check,
           (all == 1 ? ""
                     : support::format_count(std::ssize(pairs)) + " of " +
                           support::format_count(static_cast<std::int64_t>(all)) + " pairs, the slowest ") +
               between,
           ""}};
}

}  // namespace zoetrope::doctor
