// SPDX-License-Identifier: Apache-2.0
#include "quantities.hpp"

#include <algorithm>

#include "zoetrope/support/text.hpp"

namespace zoetrope::doctor {

std::string format_size(std::int64_t bytes) {
  return support::format_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)));
}

std::string format_time(double seconds) {
  if (seconds < 1e-3) return support::format_fixed(seconds * 1e6, seconds < 1e-5 ? 1 : 0) + " us";
  if (seconds < 1) return support::format_fixed(seconds * 1e3, 1) + " ms";
  return support::format_fixed(seconds, 1) + " s";
}

std::string format_speed(double bytes_per_second) {
  if (bytes_per_second >= 1e9) return support::format_fixed(bytes_per_second * 1e-9, 1) + " GB/s";
  return support::format_fixed(bytes_per_second * 1e-6, bytes_per_second < 1e7 ? 1 : 0) + " MB/s";
}

double bus_bandwidth(const CollectiveTime& all_reduce, int ranks) {
  return static_cast<double>(all_reduce.bytes) / all_reduce.seconds * 2 * (ranks - 1) / ranks;
}

}  // namespace zoetrope::doctor
