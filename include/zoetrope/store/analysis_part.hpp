// SPDX-License-Identifier: Apache-2.0
// RUN/analysis.parts/<step>.h5: what has been computed of one frame while an analysis is not finished, so
// that it goes on from there after a stop.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::store {

struct AnalysisPart {
  std::string source_digest;           // what it was computed from and how
  std::vector<double> numbers;         // /numbers
  std::vector<std::int64_t> integers;  // /integers
};

// Makes the folder, too. RunError.
void write_analysis_part(const std::filesystem::path& path, const AnalysisPart& part);
// InputError where it is missing, or a bit of it has changed since it was written, its digest included.
AnalysisPart read_analysis_part(const std::filesystem::path& path);

}  // namespace zoetrope::store
