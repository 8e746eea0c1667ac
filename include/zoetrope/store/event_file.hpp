// SPDX-License-Identifier: Apache-2.0
// TensorBoard's event files: records of TFRecord, each of which holds an Event of
// tensorflow/core/util/event.proto.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/support/new_file.hpp"

namespace zoetrope::store {

// One that replaces what an earlier job has left in the folder: those files are removed, and a TensorBoard
// that has read them already drops what it has. It can be read at any time, up to the last record that is
// whole.
class EventFile {
 public:
  using Time = std::chrono::system_clock::time_point;
  using Values = std::vector<std::pair<std::string, double>>;

  // Makes the folder where it is missing. This and the others throw RunError.
  explicit EventFile(const std::filesystem::path& folder);

  // Values that are not finite are left out: none is known.
  void add_scalars(std::int64_t step, Time time, const Values& values);
  // `png` is such a file of 8 bits for each of three colours.
  void add_picture(std::int64_t step, Time time, const std::string& tag, std::string_view png);

 private:
  support::NewFile file_;
};

}  // namespace zoetrope::store
