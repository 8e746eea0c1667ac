// SPDX-License-Identifier: Apache-2.0
// How much memory there is for this process. Bytes; 0 where the system does not say. `root` is where /proc
// and /sys are, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::support {

std::int64_t memory_of_host();
// Of the host, or of the container with the least; what files take of it is given up when it is needed.
std::int64_t available_memory(const std::string& root = "");
// memory_of_host(), or the least limit of a container around this process where that is less.
std::int64_t usable_memory(const std::string& root = "");

// The folders of this process's control group and of those around it, where the system has them: version 2's,
// and version 1's of `controller` ("memory", "cpu"), as older systems have. Not all of them need exist.
std::vector<std::string> cgroup_folders(std::string_view controller, const std::string& root = "");

}  // namespace zoetrope::support
