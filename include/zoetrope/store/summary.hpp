// SPDX-License-Identifier: Apache-2.0
// summary.json: what the stages of a run took, each as it was last done, and how it ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/support/json.hpp"

namespace zoetrope::store {

struct StageTime {
  std::string name;
  double seconds = 0;
  std::int64_t items = 0;  // done, in `unit`s
  std::string unit;
};

struct Summary {
  std::vector<StageTime> stages;  // of this job
  double total_seconds = 0;
  std::int64_t peak_memory_bytes = 0;  // of the rank that took most
  int world_size = 1;
  int threads_per_rank = 1;
  double test_accuracy = 0;  // of the last checkpoint; left out where it is not finite
};

// InputError where the file is damaged.
support::Json read_summary(const std::filesystem::path& path);

// Stages that other jobs did, and those of this one that had nothing left to do, stay as the file has them;
// of a damaged file nothing stays, with a warning.
void write_summary(const std::filesystem::path& path, const Summary& summary);

}  // namespace zoetrope::store
