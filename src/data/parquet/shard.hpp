// SPDX-License-Identifier: Apache-2.0
// One file of images and labels in columns: Parquet, Arrow's own format, or a tar of WebDataset's; and tables
// of labels alone. Of them tar files and JSON are read without Arrow, which is an optional dependency;
// without it the others are refused with a UsageError saying how to get it.
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
  kText,
  kOther
};

struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::kOther;
  std::string type;  // in Arrow's words
};

// Not thread-safe. Errors are InputErrors naming the file.
class Table {
 public:
  virtual ~Table() = default;

  virtual const std::filesystem::path& path() const = 0;
  virtual std::vector<Column> columns() const = 0;
  // The value of the schema's key "huggingface", a JSON text; "" where it has none.
  virtual std::string hugging_face_metadata() const { return ""; }
  // A column of integers, and one of text, all rows; nothing where the value is null.
  virtual std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const = 0;
  virtual std::vector<std::optional<std::string>> read_texts(std::size_t column) const = 0;
};

// The image files of one row group. The spans lie in memory that `owner` holds.
struct ImageFiles {
  std::vector<std::span<const std::uint8_t>> files;  // empty where the value is null
  std::shared_ptr<const void> owner;
  std::size_t bytes = 0;  // of memory: the files, unless they lie in a mapped one, and the spans
};

class Shard : public Table {
 public:
  // Rows of each row group; of an Arrow file's record batches.
  virtual std::vector<std::int64_t> row_group_sizes() const = 0;
  virtual ImageFiles read_images(std::size_t column, int row_group) const = 0;
  // The field "path" of a column of structs; "" where the value is null, no rows where there is no such
  // field.
  virtual std::vector<std::string> read_paths(std::size_t column, int row_group) const = 0;
  // The row as an error calls it: "row group 0, row 3".
  virtual std::string row_name(int row_group, std::size_t row) const;
};

// By their names' endings: .tar, .arrow, else Parquet.
std::unique_ptr<Shard> open_shard(const std::filesystem::path& path);

// The labels that lie beside images: .csv, .jsonl, else Parquet.
std::unique_ptr<Table> open_table(const std::filesystem::path& path);

}  // namespace zoetrope::data
