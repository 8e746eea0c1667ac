// SPDX-License-Identifier: Apache-2.0
#include "shard.hpp"

#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/util/io_util.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/system_error.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// What a page's header claims to unpack to is set aside before it is unpacked. Image files hardly shrink,
// labels and paths may a lot. An image takes more than a byte; values that are all the same take no room in
// the file, but do in memory.
constexpr std::int64_t kMostBytesPerFileByte = 64;
constexpr std::int64_t kMostValuesPerFileByte = 1;
constexpr std::int64_t kLeastMemory = std::int64_t{256} << 20;

[[noreturn]] void fail(const fs::path& path, std::string reason) {
  std::ranges::replace(reason, '\n', ' ');
  throw InputError(path.string() + ": is not a Parquet file that can be read: " + reason);
}

void check(const arrow::Status& status, const fs::path& path) {
  if (status.ok()) return;
  if (const int error = arrow::internal::ErrnoFromStatus(status))
    support::throw_system_error(path, "cannot be read", error);
  fail(path, status.ToString());
}

[[noreturn]] void fail(const fs::path& path, const parquet::ParquetException& error) {
  if (const auto* of_arrow = dynamic_cast<const parquet::ParquetStatusException*>(&error))
    check(of_arrow->status(), path);
  fail(path, std::string(error.what()));
}

template <typename T>
T check(arrow::Result<T> result, const fs::path& path) {
  check(result.status(), path);
  return std::move(result).ValueUnsafe();
}

bool holds_bytes(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY;
}

ParquetKind kind_of(const arrow::DataType& type) {
  if (arrow::is_integer(type.id())) return ParquetKind::kInteger;
  if (holds_bytes(type)) return ParquetKind::kImage;
  if (type.id() != arrow::Type::STRUCT) return ParquetKind::kOther;
  const auto bytes = static_cast<const arrow::StructType&>(type).GetFieldByName("bytes");
  return bytes != nullptr && holds_bytes(*bytes->type()) ? ParquetKind::kImage : ParquetKind::kOther;
}

// The leaf column of a top-level column, or its leaf `child`; none where it has no such.
std::vector<int> leaves(const parquet::arrow::SchemaField& field, const std::string& child) {
  if (field.is_leaf()) return {field.column_index};
  for (const auto& inner : field.children) {
    if (inner.field->name() == child && inner.is_leaf()) return {inner.column_index};
  }
  return {};
}

template <typename Binary>
void append_files(const arrow::Array& array, ParquetImages& images) {
  const auto& values = static_cast<const Binary&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i) {
    images.bytes += sizeof(std::span<const std::uint8_t>);
    if (values.IsNull(i)) {
      images.files.emplace_back();
      continue;
    }
    const auto view = values.GetView(i);
    images.files.emplace_back(reinterpret_cast<const std::uint8_t*>(view.data()), view.size());
    images.bytes += view.size();
  }
}

template <typename Strings>
void append_strings(const arrow::Array& array, std::vector<std::string>& out) {
  const auto& values = static_cast<const Strings&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i)
    out.emplace_back(values.IsNull(i) ? std::string_view() : std::string_view(values.GetView(i)));
}

template <typename Integers>
void append_integers(const arrow::Array& array, std::vector<std::optional<std::int64_t>>& out) {
  const auto& values = static_cast<const Integers&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i)
    out.push_back(values.IsNull(i) ? std::nullopt
                                   : std::optional(static_cast<std::int64_t>(values.Value(i))));
}

void append_any_integers(const arrow::Array& array, std::vector<std::optional<std::int64_t>>& out) {
  switch (array.type_id()) {
    case arrow::Type::INT8:
      return append_integers<arrow::Int8Array>(array, out);
    case arrow::Type::INT16:
      return append_integers<arrow::Int16Array>(array, out);
    case arrow::Type::INT32:
      return append_integers<arrow::Int32Array>(array, out);
    case arrow::Type::INT64:
      return append_integers<arrow::Int64Array>(array, out);
    case arrow::Type::UINT8:
      return append_integers<arrow::UInt8Array>(array, out);
    case arrow::Type::UINT16:
      return append_integers<arrow::UInt16Array>(array, out);
    case arrow::Type::UINT32:
      return append_integers<arrow::UInt32Array>(array, out);
    case arrow::Type::UINT64:
      return append_integers<arrow::UInt64Array>(array, out);
    default:  // not where kind_of() said kInteger
      return;
  }
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

}  // namespace

struct ParquetShard::Impl {
  explicit Impl(const fs::path& file)
      : path(file),
        file_bytes(static_cast<std::int64_t>(fs::file_size(file))),
        memory(arrow::MemoryPool::CreateDefault()),
        pool(memory.get(), std::max(kLeastMemory, kMostBytesPerFileByte * file_bytes)) {
    support::refuse_lfs_pointer(path);
    const auto source = check(arrow::io::ReadableFile::Open(file.string(), &pool), path);
    // Reading ahead would go on in Arrow's threads after an error, with memory of a pool that is gone.
    parquet::ArrowReaderProperties properties;
    properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    check(builder.Open(source, reader_properties(&pool, file_bytes)), path);
    reader = check(builder.memory_pool(&pool)->properties(properties)->Build(), path);
    check(reader->GetSchema(&schema), path);
  }

  std::int64_t most_values() const { return kMostValuesPerFileByte * file_bytes; }
  [[noreturn]] void fail_on_values() const {
    fail(path,
         "a column claims more values than the file's " + std::to_string(file_bytes) + " bytes can hold");
  }

  const parquet::arrow::SchemaField& field(std::size_t column) const {
    return reader->manifest().schema_fields.at(column);
  }

  bool has_leaf(std::size_t column, const std::string& child) const {
    return !field(column).is_leaf() && !leaves(field(column), child).empty();
  }

  std::shared_ptr<arrow::Table> read_row_group(int row_group, std::size_t column,
                                               const std::string& child) const {
    try {
      const std::vector<int> wanted = leaves(field(column), child);
      const auto group = reader->parquet_reader()->metadata()->RowGroup(row_group);
      for (const int leaf : wanted) {
        if (group->ColumnChunk(leaf)->num_values() > most_values()) fail_on_values();
      }
      auto table = check(reader->ReadRowGroup(row_group, wanted), path);
      check(table->Validate(), path);
      return table;
    } catch (const parquet::ParquetException& error) {
      fail(path, error);
    }
  }

  fs::path path;
  std::int64_t file_bytes;
  std::unique_ptr<arrow::MemoryPool> memory;
  mutable arrow::CappedMemoryPool pool;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::shared_ptr<arrow::Schema> schema;
};

ParquetShard::ParquetShard(const fs::path& path) {
  try {
    impl_ = std::make_unique<Impl>(path);
  } catch (const parquet::ParquetException& error) {
    fail(path, error);
  }
}
ParquetShard::~ParquetShard() = default;
ParquetShard::ParquetShard(ParquetShard&&) noexcept = default;
ParquetShard& ParquetShard::operator=(ParquetShard&&) noexcept = default;

const fs::path& ParquetShard::path() const {
  return impl_->path;
}

std::vector<ParquetColumn> ParquetShard::columns() const {
  std::vector<ParquetColumn> columns;
  for (const auto& field : impl_->schema->fields())
    columns.push_back({field->name(), kind_of(*field->type()), field->type()->ToString()});
  return columns;
}

std::string ParquetShard::hugging_face_metadata() const {
  const auto& metadata = impl_->schema->metadata();
  if (metadata == nullptr) return "";
  const int at = metadata->FindKey("huggingface");
  return at < 0 ? "" : metadata->value(at);
}

std::vector<std::int64_t> ParquetShard::row_group_sizes() const {
  const auto metadata = impl_->reader->parquet_reader()->metadata();
  std::vector<std::int64_t> sizes;
  for (int i = 0; i < metadata->num_row_groups(); ++i) sizes.push_back(metadata->RowGroup(i)->num_rows());
  return sizes;
}

std::vector<std::optional<std::int64_t>> ParquetShard::read_integers(std::size_t column) const {
  std::vector<std::optional<std::int64_t>> values;
  for (int group = 0; group < impl_->reader->num_row_groups(); ++group) {
    const auto table = impl_->read_row_group(group, column, "");
    for (const auto& chunk : table->column(0)->chunks()) append_any_integers(*chunk, values);
    if (std::ssize(values) > impl_->most_values()) impl_->fail_on_values();  // of all groups together
  }
  return values;
}

ParquetImages ParquetShard::read_images(std::size_t column, int row_group) const {
  const auto table = impl_->read_row_group(row_group, column, "bytes");
  ParquetImages images;
  images.owner = table;
  for (const auto& chunk : table->column(0)->chunks()) {
    const auto files = only_field(chunk);
    if (files->type_id() == arrow::Type::BINARY) append_files<arrow::BinaryArray>(*files, images);
    if (files->type_id() == arrow::Type::LARGE_BINARY) append_files<arrow::LargeBinaryArray>(*files, images);
  }
  return images;
}

std::vector<std::string> ParquetShard::read_paths(std::size_t column, int row_group) const {
  std::vector<std::string> paths;
  if (!impl_->has_leaf(column, "path")) return paths;
  const auto table = impl_->read_row_group(row_group, column, "path");
  for (const auto& chunk : table->column(0)->chunks()) {
    const auto values = only_field(chunk);
    if (values->type_id() == arrow::Type::STRING) append_strings<arrow::StringArray>(*values, paths);
    if (values->type_id() == arrow::Type::LARGE_STRING)
      append_strings<arrow::LargeStringArray>(*values, paths);
  }
  return paths;
}

}  // namespace zoetrope::data
