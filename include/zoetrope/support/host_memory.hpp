// SPDX-License-Identifier: Apache-2.0
// How much memory there is for this process. Bytes; 0 where the system does not say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace zoetrope::support {

std::int64_t memory_of_host();
// Of the host, or as its container says.
std::int64_t available_memory();
// memory_of_host(), or the least limit of a container around this process where that is less.
std::int64_t usable_memory();

// The folders of this process's control group and of those around it, where the system has them (version 2).
std::vector<std::string> cgroup_folders();

}  // namespace zoetrope::support
