// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "zoetrope/doctor/report.hpp"

namespace zoetrope::doctor {

std::string format_size(std::int64_t bytes);        // "1.2 GiB"
std::string format_time(double seconds);            // "12 us", "3.4 ms", "1.2 s"
std::string format_speed(double bytes_per_second);  // "6.9 GB/s", "840 MB/s"

// Of an all-reduce: what each link carries, 2 (n - 1) / n of the bytes of n ranks (nccl-tests' busbw).
double bus_bandwidth(const CollectiveTime& all_reduce, int ranks);

}  // namespace zoetrope::doctor
