// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "../memory_bound.hpp"
#include "formats.hpp"
#include "parquet_file.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

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

class ParquetShard final : public Shard {
 public:
  // Of a column; images take more than a byte each, where labels may be packed more closely.
  using MostValues = std::int64_t (*)(std::int64_t file_bytes);
  ParquetShard(const fs::path& file, MostValues most_values)
      : file_(file), most_values_(most_values(file_.bytes())) {}

  const fs::path& path() const override { return file_.path(); }
  std::vector<Column> columns() const override { return columns_of(file_.schema()); }
  std::string hugging_face_metadata() const override { return hugging_face_metadata_of(file_.schema()); }

  std::vector<std::int64_t> row_group_sizes() const override {
    std::vector<std::int64_t> sizes;
    for (int i = 0; i < file_.metadata().num_row_groups(); ++i)
      sizes.push_back(file_.metadata().RowGroup(i)->num_rows());
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
  // `append` returns how many values there are by now.
  template <typename Append>
  void for_each_chunk(std::size_t column, const Append& append) const {
    for (int group = 0; group < file_.metadata().num_row_groups(); ++group) {
      const auto table = read_row_group(group, column, "");
      for (const auto& chunk : table->column(0)->chunks())
        if (static_cast<std::int64_t>(append(*chunk)) > most_values_)  // of all groups
          refuse_values(file_.path(), kParquetKind, file_.bytes());
    }
  }

  bool has_leaf(std::size_t column, const std::string& child) const {
    return !file_.field(column).is_leaf() && !leaves(file_.field(column), child).empty();
  }

  std::shared_ptr<arrow::Table> read_row_group(int row_group, std::size_t column,
                                               const std::string& child) const {
    return file_.read_row_group(row_group, leaves(file_.field(column), child), most_values_);
  }

  ParquetFile file_;
  std::int64_t most_values_;
};

}  // namespace

std::unique_ptr<Shard> open_parquet_shard(const fs::path& path) {
  return std::make_unique<ParquetShard>(
      path, [](std::int64_t file_bytes) { return kMostImagesPerFileByte * file_bytes; });
}

std::unique_ptr<Table> open_parquet_table(const fs::path& path) {
  return std::make_unique<ParquetShard>(path, believed_values);
}

}  // namespace zoetrope::data
