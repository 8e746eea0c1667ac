// SPDX-License-Identifier: Apache-2.0
// One file of images and labels in columns, Parquet or Arrow's own. The only place that knows Arrow, which is
// an optional dependency; without it open_shard() throws UsageError saying how to get it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace zoetrope::data {

enum class ColumnKind {
  kImage,  // binary, or a struct with a binary field "bytes"
  kInteger,
  kOther
};

struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::kOther;
  std::string type;  // in Arrow's words
};

// The image files of one row group. The spans lie in memory that `owner` holds.
struct ImageFiles {
  std::vector<std::span<const std::uint8_t>> files;  // empty where the value is null
  std::shared_ptr<const void> owner;
  std::size_t bytes = 0;  // of the files and the spans
};

// Not thread-safe. Errors are InputErrors naming the file.
class Shard {
 public:
  virtual ~Shard() = default;

  virtual const std::filesystem::path& path() const = 0;
  virtual std::vector<Column> columns() const = 0;
  // The value of the schema's key "huggingface", a JSON text; "" where it has none.
  virtual std::string hugging_face_metadata() const = 0;
  // Rows of each row group; of an Arrow file's record batches.
  virtual std::vector<std::int64_t> row_group_sizes() const = 0;
  // A column of integers, all rows; nothing where the value is null.
  virtual std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const = 0;
  virtual ImageFiles read_images(std::size_t column, int row_group) const = 0;
  // The field "path" of a column of structs; "" where the value is null, no rows where there is no such
  // field.
  virtual std::vector<std::string> read_paths(std::size_t column, int row_group) const = 0;
};

// By its name's ending.
inline bool is_arrow_file(const std::filesystem::path& path) {
  return path.extension() == ".arrow";
}

// Arrow's own format where is_arrow_file(), else Parquet.
std::unique_ptr<Shard> open_shard(const std::filesystem::path& path);

}  // namespace zoetrope::data
