// SPDX-License-Identifier: Apache-2.0
// A Parquet file of somebody's: read within memory that its size allows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include <arrow/memory_pool.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>

#include "arrow_values.hpp"

namespace zoetrope::data {

class ParquetFile {
 public:
  explicit ParquetFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::int64_t bytes() const { return file_bytes_; }
  const arrow::Schema& schema() const { return *schema_; }
  const parquet::FileMetaData& metadata() const { return *metadata_; }
  const parquet::arrow::SchemaField& field(std::size_t column) const {
    return reader_->manifest().schema_fields.at(column);
  }
  // Of the whole file, as far as its row groups and their parts of the leaf column `leaf` bear them out;
  // InputError where they do not, or where the file's bytes cannot hold so many. Nothing is read for it.
  std::int64_t num_rows(int leaf) const;
  // Of the leaf columns `leaves`, none of which may claim more than `most_values`.
  std::shared_ptr<arrow::Table> read_row_group(int row_group, const std::vector<int>& leaves,
                                               std::int64_t most_values) const;

 private:
  void open();
  std::shared_ptr<arrow::Table> read_row_group_now(int row_group, const std::vector<int>& leaves,
                                                   std::int64_t most_values) const;

  std::filesystem::path path_;
  std::int64_t file_bytes_;
  std::unique_ptr<arrow::MemoryPool> memory_;
  mutable arrow::CappedMemoryPool pool_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
};

inline constexpr const char* kParquetKind = "a Parquet";

}  // namespace zoetrope::data
