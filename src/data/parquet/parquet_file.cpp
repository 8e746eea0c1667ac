// SPDX-License-Identifier: Apache-2.0
#include "parquet_file.hpp"

#include <algorithm>

#include <arrow/io/file.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>

#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/system_error.hpp"

#include "../memory_bound.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const parquet::ParquetException& error) {
  if (const auto* of_arrow = dynamic_cast<const parquet::ParquetStatusException*>(&error))
    require_ok(of_arrow->status(), path, kParquetKind);
  refuse_file(path, kParquetKind, error.what());
}

// No list or text of the file's metadata is longer than the file.
parquet::ReaderProperties reader_properties(arrow::MemoryPool* pool, std::int64_t file_bytes) {
  parquet::ReaderProperties properties(pool);
  const auto limit = [&](std::int32_t usual) {
    return static_cast<std::int32_t>(std::min<std::int64_t>(usual, file_bytes));
  };
  properties.set_thrift_string_size_limit(limit(properties.thrift_string_size_limit()));
  properties.set_thrift_container_size_limit(limit(properties.thrift_container_size_limit()));
  return properties;
}

}  // namespace

ParquetFile::ParquetFile(const fs::path& file)
    : path_(file),
      file_bytes_(static_cast<std::int64_t>(support::file_size(file))),
      memory_(arrow::MemoryPool::CreateDefault()),
      pool_(memory_.get(), believed_bytes(file_bytes_)) {
  support::refuse_lfs_pointer(path_);
  support::try_again([this] { open(); });
}

void ParquetFile::open() {
  try {
    const auto source =
        require_ok(arrow::io::ReadableFile::Open(path_.string(), &pool_), path_, kParquetKind);
    // Reading ahead would go on in Arrow's threads after an error, with memory of a pool that is gone.
    parquet::ArrowReaderProperties properties;
    properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    require_ok(builder.Open(source, reader_properties(&pool_, file_bytes_)), path_, kParquetKind);
    reader_ = require_ok(builder.memory_pool(&pool_)->properties(properties)->Build(), path_, kParquetKind);
    require_ok(reader_->GetSchema(&schema_), path_, kParquetKind);
    metadata_ = reader_->parquet_reader()->metadata();
  } catch (const parquet::ParquetException& error) {
    fail(path_, error);
  }
}

std::int64_t ParquetFile::num_rows(int leaf) const {
  const std::int64_t claimed = metadata_->num_rows();
  std::int64_t of_groups = 0;
  try {
    for (int i = 0; i < metadata_->num_row_groups(); ++i) {
      const auto group = metadata_->RowGroup(i);
      const std::int64_t rows = group->num_rows(), values = group->ColumnChunk(leaf)->num_values();
      if (values < rows)
        refuse_file(path_, kParquetKind,
                    "row group " + std::to_string(i) + " claims " + std::to_string(rows) + " rows, and " +
                        std::to_string(values) + " values of them");
      if (rows < 0 || __builtin_add_overflow(of_groups, rows, &of_groups))
        refuse_file(path_, kParquetKind,
                    "row group " + std::to_string(i) + " claims " + std::to_string(rows) + " rows");
    }
  } catch (const parquet::ParquetException& error) {
    fail(path_, error);
  }
  if (claimed != of_groups)
    refuse_file(
        path_, kParquetKind,
        "it claims " + std::to_string(claimed) + " rows, and its row groups " + std::to_string(of_groups));
  // Pages may make many rows of few bytes, but each takes eight of memory, for its label.
  if (claimed > believed_bytes(file_bytes_) / std::int64_t{sizeof(std::int64_t)})
    refuse_values(path_, kParquetKind, file_bytes_);
  return claimed;
}

std::shared_ptr<arrow::Table> ParquetFile::read_row_group(int row_group, const std::vector<int>& leaves,
                                                          std::int64_t most_values) const {
  return support::try_again([&] { return read_row_group_now(row_group, leaves, most_values); });
}

std::shared_ptr<arrow::Table> ParquetFile::read_row_group_now(int row_group, const std::vector<int>& leaves,
                                                              std::int64_t most_values) const {
  try {
    const auto group = metadata_->RowGroup(row_group);
    for (const int leaf : leaves)
      if (group->ColumnChunk(leaf)->num_values() > most_values)
        refuse_values(path_, kParquetKind, file_bytes_);
    auto table = require_ok(reader_->ReadRowGroup(row_group, leaves), path_, kParquetKind);
    require_ok(table->Validate(), path_, kParquetKind);
    return table;
  } catch (const parquet::ParquetException& error) {
    fail(path_, error);
  }
}

}  // namespace zoetrope::data
