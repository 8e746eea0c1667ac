// SPDX-License-Identifier: Apache-2.0
// One Parquet file of images and labels. The only place that knows Arrow, which is an optional dependency;
// without it the constructor throws UsageError saying how to get it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace zoetrope::data {

enum class ParquetKind {
  kImage,
  kInteger,
  kOther
};  // kImage: binary, or a struct with a binary field "bytes"

struct ParquetColumn {
  std::string name;
  ParquetKind kind = ParquetKind::kOther;
  std::string type;  // in Arrow's words
};

// The image files of one row group. The spans lie in memory that `owner` holds.
struct ParquetImages {
  std::vector<std::span<const std::uint8_t>> files;  // empty where the value is null
  std::shared_ptr<const void> owner;
  std::size_t bytes = 0;  // of the files and the spans
};

// Not thread-safe. Errors are InputErrors naming the file.
class ParquetShard {
 public:
  explicit ParquetShard(const std::filesystem::path& path);
  ~ParquetShard();
  ParquetShard(ParquetShard&&) noexcept;
  ParquetShard& operator=(ParquetShard&&) noexcept;
  ParquetShard(const ParquetShard&) = delete;
  ParquetShard& operator=(const ParquetShard&) = delete;

  const std::filesystem::path& path() const;
  std::vector<ParquetColumn> columns() const;
  // The value of the schema's key "huggingface", a JSON text; "" where it has none.
  std::string hugging_face_metadata() const;
  std::vector<std::int64_t> row_group_sizes() const;
  // A column of integers, all rows; nothing where the value is null.
  std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const;
  ParquetImages read_images(std::size_t column, int row_group) const;
  // The field "path" of a column of structs; "" where the value is null, no rows where there is no such
  // field.
  std::vector<std::string> read_paths(std::size_t column, int row_group) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoetrope::data
