// SPDX-License-Identifier: Apache-2.0
// A table in Renumics Spotlight's own HDF5 format (renumics.spotlight.Dataset, 1.8), which keeps each
// column's type: what a CSV or Parquet file leaves to guessing. Open it with `spotlight FILE.h5`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace zoetrope::store {

class Hdf5File;

// Every column has the same number of rows. Errors are RunError naming file and column.
class SpotlightFile {
 public:
  explicit SpotlightFile(const std::filesystem::path& path);  // fails when it exists
  ~SpotlightFile();
  SpotlightFile(const SpotlightFile&) = delete;
  SpotlightFile& operator=(const SpotlightFile&) = delete;

  void add_ints(const std::string& column, std::span<const std::int64_t> values);
  void add_floats(const std::string& column, std::span<const double> values);
  void add_texts(const std::string& column, const std::vector<std::string>& values);
  // `values` are indices into `names`.
  void add_categories(const std::string& column, std::span<const std::int64_t> values,
                      const std::vector<std::string>& names);
  void add_embeddings(const std::string& column, std::span<const float> values, std::size_t dimensions);
  void add_images(const std::string& column,
                  const std::vector<std::string>& encoded);  // PNG or JPEG files' bytes
  void close();

 private:
  std::unique_ptr<Hdf5File> file_;
};

}  // namespace zoetrope::store
