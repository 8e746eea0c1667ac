// SPDX-License-Identifier: Apache-2.0
// Memory that is a file's. Where the file is cut while it is mapped, or its disk fails, whoever looks at it
// gets SIGBUS, which no exception can come of.
#pragma once

#include <cstddef>
#include <string>

namespace zoetrope::support {

// From now on such a process ends with "zoetrope: " and the message of the mapping, and with code 4.
void report_lost_mappings();

// Gives [begin, begin + size) a message as long as it lives. Beyond some thousand at a time they have none.
class MappingGuard {
 public:
  MappingGuard() = default;
  MappingGuard(const void* begin, std::size_t size, const std::string& message);
  ~MappingGuard();
  MappingGuard(const MappingGuard&) = delete;
  MappingGuard& operator=(const MappingGuard&) = delete;
  MappingGuard(MappingGuard&& other) noexcept;
  MappingGuard& operator=(MappingGuard&& other) noexcept;

 private:
  int slot_ = -1;
};

}  // namespace zoetrope::support
