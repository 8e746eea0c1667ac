// SPDX-License-Identifier: Apache-2.0
// Whether the files of a run are what was written: every byte that has a digest is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::pipeline {

struct Verification {
  std::int64_t files = 0;           // that were looked at
  std::vector<std::string> lines;   // one for each file that is damaged: its name, what is wrong, what to do
  std::vector<std::string> unread;  // one for each that the system does not give now: its name, and why
};

// `path`: a run directory, a checkpoint, or a file of one. InputError where it is none of them. Nothing is
// written.
Verification verify(const std::filesystem::path& path);

}  // namespace zoetrope::pipeline
