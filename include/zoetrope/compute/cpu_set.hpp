// SPDX-License-Identifier: Apache-2.0
// The CPUs that this process may use.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace zoetrope::compute {

// CPUs as a set of bits, of a fixed size so that it travels between ranks as it is.
using CpuSet = std::array<unsigned long, 128>;  // 8192 CPUs, the most a Linux kernel is built for

// The CPUs this process may run on.
CpuSet allowed_cpus();
int count_cpus(const std::vector<CpuSet>& all);  // of all together
std::string format_cpus(const CpuSet& cpus);     // "0-3,8"
CpuSet parse_cpus(const std::string& text);      // of that; none where it is no such list
bool have_common_cpus(const CpuSet& a, const CpuSet& b);

// How many threads the rank at `local_rank` should compute with, when `all[r]` is what rank r of this host
// may use: each CPU is shared evenly by the ranks that may use it. At least 1.
int fair_share(const std::vector<CpuSet>& all, int local_rank);

}  // namespace zoetrope::compute
