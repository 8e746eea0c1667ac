// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>

#include "../support/scratch.hpp"

namespace zoetrope::fuzz {

// A folder in memory for one fuzzer process: the readers take files.
class ScratchFolder : public scratch::Folder {
 public:
  ScratchFolder() : Folder("zoetrope-fuzz", "/dev/shm") {}

  void write(const std::string& name, std::span<const std::uint8_t> bytes) const {
    std::ofstream(path() / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
};

}  // namespace zoetrope::fuzz
