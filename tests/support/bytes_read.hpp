// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

namespace zoetrope::testing {

// What this process has been given by read(2), pread(2) and their kin so far. Memory that is mapped does not
// count.
inline std::int64_t bytes_read() {
  std::ifstream file("/proc/self/io");
  std::string name;
  std::int64_t bytes = 0;
  if (file >> name >> bytes && name == "rchar:") return bytes;
  throw std::runtime_error("/proc/self/io does not say what was read");
}

}  // namespace zoetrope::testing
