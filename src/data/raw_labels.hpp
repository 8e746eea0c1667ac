// SPDX-License-Identifier: Apache-2.0
// Labels of rows as they stand in somebody's file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::data {

// Numbers, or words.
struct RawLabels {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> words;
  std::vector<std::string> class_names;  // of numbers, where the file names them
  std::vector<std::string> names;        // of the rows, where the file has some
  std::size_t size() const { return std::max(numbers.size(), words.size()); }
};

// By the file's ending, see open_given_dataset(). `count` is how many there should be: by that the first line
// of a .csv is known to be a heading. `column`: a Parquet file's. InputError naming the file and the row.
RawLabels read_raw_labels(const std::filesystem::path& file, const std::string& column, std::int64_t count);

}  // namespace zoetrope::data
