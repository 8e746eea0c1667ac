// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>

#include "zoetrope/support/files.hpp"

#include "arrow_values.hpp"
#include "formats.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr const char* kParquetKind = "a Parquet";

[[noreturn]] void fail(const fs::path& path, const parquet::ParquetException& error) {
  if (const auto* of_arrow = dynamic_cast<const parquet::ParquetStatusException*>(&error))
    require_ok(of_arrow->status(), path, kParquetKind);
  refuse_file(path, kParquetKind, error.what());
}

// The leaf column of a top-level column, or its leaf `child`; none where it has no such.
std::vector<int> leaves(const parquet::arrow::SchemaField& field, const std::string& child) {
  if (field.is_leaf()) return {field.column_index};
  for (const auto& inner : field.children) {
    if (inner.field->name() == child && inner.is_leaf()) return {inner.column_index};
  }
  return {};
}

// A struct's field that was read, or the array itself where it is no struct.
std::shared_ptr<arrow::Array> only_field(const std::shared_ptr<arrow::Array>& array) {
  if (array->type_id() != arrow::Type::STRUCT) return array;
  return static_cast<const arrow::StructArray&>(*array).field(0);
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

class ParquetShard final : public Shard {
 public:
  explicit ParquetShard(const fs::path& file)
      : path_(file),
        file_bytes_(static_cast<std::int64_t>(fs::file_size(file))),
        memory_(arrow::MemoryPool::CreateDefault()),
        pool_(memory_.get(), std::max(kLeastMemory, kMostBytesPerFileByte * file_bytes_)) {
    support::refuse_lfs_pointer(path_);
    const auto source = require_ok(arrow::io::ReadableFile::Open(file.string(), &pool_), path_, kParquetKind);
    // Reading ahead would go on in Arrow's threads after an error, with memory of a pool that is gone.
    parquet::ArrowReaderProperties properties;
    properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    require_ok(builder.Open(source, reader_properties(&pool_, file_bytes_)), path_, kParquetKind);
    reader_ = require_ok(builder.memory_pool(&pool_)->properties(properties)->Build(), path_, kParquetKind);
    require_ok(reader_->GetSchema(&schema_), path_, kParquetKind);
  }

  const fs::path& path() const override { return path_; }
  std::vector<Column> columns() const override { return columns_of(*schema_); }
  std::string hugging_face_metadata() const override { return hugging_face_metadata_of(*schema_); }

  std::vector<std::int64_t> row_group_sizes() const override {
    const auto metadata = reader_->parquet_reader()->metadata();
    std::vector<std::int64_t> sizes;
    for (int i = 0; i < metadata->num_row_groups(); ++i) sizes.push_back(metadata->RowGroup(i)->num_rows());
    return sizes;
  }

  std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const override {
    std::vector<std::optional<std::int64_t>> values;
    for_each_chunk(column, [&](const arrow::Array& chunk) {
      append_integers(chunk, values);
      return values.size();
    });
    return values;
  }

  Texts read_texts(std::size_t column) const override {
    Texts values;
    for_each_chunk(column, [&](const arrow::Array& chunk) {
      append_texts(chunk, values);
      return values.size();
    });
    return values;
  }

  ImageFiles read_images(std::size_t column, int row_group) const override {
    const auto table = read_row_group(row_group, column, "bytes");
    ImageFiles images;
    images.owner = table;
    for (const auto& chunk : table->column(0)->chunks()) append_files(*only_field(chunk), images);
    return images;
  }

  std::vector<std::string> read_paths(std::size_t column, int row_group) const override {
    Texts paths;
    if (!has_leaf(column, "path")) return {};
    const auto table = read_row_group(row_group, column, "path");
    for (const auto& chunk : table->column(0)->chunks()) append_texts(*only_field(chunk), paths);
    return without_nulls(paths);
  }

 private:
  std::int64_t most_values() const { return kMostValuesPerFileByte * file_bytes_; }
  [[noreturn]] void fail_on_values() const { refuse_values(path_, kParquetKind, file_bytes_); }

  // `append` returns how many values there are by now.
  template <typename Append>
  void for_each_chunk(std::size_t column, const Append& append) const {
    for (int group = 0; group < reader_->num_row_groups(); ++group) {
      const auto table = read_row_group(group, column, "");
      for (const auto& chunk : table->column(0)->chunks())
        if (static_cast<std::int64_t>(append(*chunk)) > most_values()) fail_on_values();  // of all groups
    }
  }

  const parquet::arrow::SchemaField& field(std::size_t column) const {
    return reader_->manifest().schema_fields.at(column);
  }

  bool has_leaf(std::size_t column, const std::string& child) const {
    return !field(column).is_leaf() && !leaves(field(column), child).empty();
  }

  std::shared_ptr<arrow::Table> read_row_group(int row_group, std::size_t column,
                                               const std::string& child) const {
    try {
      const std::vector<int> wanted = leaves(field(column), child);
      const auto group = reader_->parquet_reader()->metadata()->RowGroup(row_group);
      for (const int leaf : wanted) {
        if (group->ColumnChunk(leaf)->num_values() > most_values()) fail_on_values();
      }
      auto table = require_ok(reader_->ReadRowGroup(row_group, wanted), path_, kParquetKind);
      require_ok(table->Validate(), path_, kParquetKind);
      return table;
    } catch (const parquet::ParquetException& error) {
      fail(path_, error);
    }
  }

  fs::path path_;
  std::int64_t file_bytes_;
  std::unique_ptr<arrow::MemoryPool> memory_;
  mutable arrow::CappedMemoryPool pool_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

std::unique_ptr<Shard> open_parquet_shard(const fs::path& path) {
  try {
    return std::make_unique<ParquetShard>(path);
  } catch (const parquet::ParquetException& error) {
    fail(path, error);
  }
}

}  // namespace zoetrope::data
