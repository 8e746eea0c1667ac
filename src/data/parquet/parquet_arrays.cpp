// SPDX-License-Identifier: Apache-2.0
// Columns of lists of numbers, one for each step: embedding_20, as zoetrope's own export has them.
#include <algorithm>
#include <utility>

#include <parquet/metadata.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

#include "../memory_bound.hpp"
#include "../step_readers.hpp"
#include "parquet_file.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// A column's lists, all of one length, as the bytes of their numbers.
struct Lists {
  std::int64_t rows = 0;
  std::int64_t width = 0;
  std::span<const std::byte> bytes;
};

NumberType number_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::HALF_FLOAT:
      return {'f', 2, false};
    case arrow::Type::FLOAT:
      return {'f', 4, false};
    case arrow::Type::DOUBLE:
      return {'f', 8, false};
    default:
      return {};
  }
}

// The numbers of a list's type; null of another type.
std::shared_ptr<arrow::DataType> type_of_numbers(const arrow::DataType& type) {
  const bool is_list = type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
                       type.id() == arrow::Type::FIXED_SIZE_LIST;
  return is_list ? static_cast<const arrow::BaseListType&>(type).value_type() : nullptr;
}

class ParquetArrays final : public StepArrays {
 public:
  ParquetArrays(const fs::path& path, const std::string& word) : file_(path) {
    for (int i = 0; i < file_.schema().num_fields(); ++i) {
      const std::string& name = file_.schema().field(i)->name();
      // Of a table's columns a number alone, or "step_20", may be anything.
      const bool is_ours = name.starts_with("embedding") || name.starts_with("logits");
      if (const auto step = is_ours ? step_in_name(name, word) : std::nullopt)
        add_column(*step, static_cast<std::size_t>(i));
    }
  }

  std::vector<float> read(std::int64_t step) const override {
    const ArrayInfo& array = steps().at(step);
    const std::size_t column = columns_.at(step);
    FloatRows rows(array, number_type(*type_of_numbers(*field(column).type())), false,
                   believed_bytes(file_.bytes()));
    std::int64_t row = 0;
    for (int group = 0; group < file_.metadata().num_row_groups(); ++group)
      for_each_chunk(column, group, [&](const arrow::Array& chunk) {
        const Lists lists = lists_of(chunk, array.place, row);
        if (lists.rows > 0 && (lists.width != array.columns || lists.rows > array.rows - row))
          throw InputError(array.place + ": row " + std::to_string(row) + ": has " +
                           std::to_string(lists.width) + " numbers, not " + std::to_string(array.columns) +
                           " as the first");
        rows.add(lists.bytes);
        row += lists.rows;
      });
    if (row != array.rows) refuse_file(file_.path(), kParquetKind, "it has fewer rows than it claims");
    return rows.take();
  }

 private:
  const arrow::Field& field(std::size_t column) const {
    return *file_.schema().field(static_cast<int>(column));
  }

  // The column of the lists' numbers.
  int leaf_of(std::size_t column) const {
    const auto& inner = file_.field(column).children;
    if (inner.size() != 1 || !inner[0].is_leaf())
      refuse_file(file_.path(), kParquetKind, "column " + field(column).name() + " holds no plain lists");
    return inner[0].column_index;
  }

  void add_column(std::int64_t step, std::size_t column) {
    const std::string place = file_.path().string() + ": column " + field(column).name();
    const auto numbers = type_of_numbers(*field(column).type());
    const NumberType type = numbers ? number_type(*numbers) : NumberType{};
    if (type.kind == 0)
      throw InputError(place + ": holds " + field(column).type()->ToString() +
                       "; lists of float16, float32 or float64 are expected");
    const auto rows = static_cast<std::uint64_t>(file_.num_rows(leaf_of(column)));
    add(step, array_info(place, type, {rows, first_width(column, place)}));
    columns_[step] = column;
  }

  // Numbers in the first row.
  std::uint64_t first_width(std::size_t column, const std::string& place) const {
    std::int64_t width = 0;
    bool is_known = false;
    if (file_.metadata().num_row_groups() > 0)
      for_each_chunk(column, 0, [&](const arrow::Array& chunk) {
        if (!is_known && chunk.length() > 0) width = lists_of(*chunk.Slice(0, 1), place, 0).width;
        is_known = is_known || chunk.length() > 0;
      });
    return static_cast<std::uint64_t>(width);
  }

  template <typename Use>
  void for_each_chunk(std::size_t column, int group, const Use& use) const {
    support::stop_point();
    const std::int64_t most = believed_bytes(file_.bytes()) / std::int64_t{sizeof(float)};
    const auto table = file_.read_row_group(group, {leaf_of(column)}, most);
    for (const auto& chunk : table->column(0)->chunks()) {
      require_ok(chunk->ValidateFull(), file_.path(), kParquetKind);
      use(*chunk);
    }
  }

  // `first_row`: the chunk's, for errors.
  Lists lists_of(const arrow::Array& chunk, const std::string& place, std::int64_t first_row) const;

  ParquetFile file_;
  std::map<std::int64_t, std::size_t> columns_;
};

// Where the `i`-th list's numbers begin.
std::int64_t start_of(const arrow::Array& chunk, std::int64_t i) {
  if (chunk.type_id() == arrow::Type::LIST)
    return static_cast<const arrow::ListArray&>(chunk).value_offset(i);
  if (chunk.type_id() == arrow::Type::LARGE_LIST)
    return static_cast<const arrow::LargeListArray&>(chunk).value_offset(i);
  return static_cast<const arrow::FixedSizeListArray&>(chunk).value_offset(i);
}

const arrow::Array& numbers_of(const arrow::Array& chunk) {
  if (chunk.type_id() == arrow::Type::LIST) return *static_cast<const arrow::ListArray&>(chunk).values();
  if (chunk.type_id() == arrow::Type::LARGE_LIST)
    return *static_cast<const arrow::LargeListArray&>(chunk).values();
  return *static_cast<const arrow::FixedSizeListArray&>(chunk).values();
}

Lists ParquetArrays::lists_of(const arrow::Array& chunk, const std::string& place,
                              std::int64_t first_row) const {
  const auto fail = [&](std::int64_t i, const std::string& what) {
    throw InputError(place + ": row " + std::to_string(first_row + i) + ": " + what);
  };
  const arrow::Array& numbers = numbers_of(chunk);
  Lists lists{chunk.length(), 0, {}};
  if (lists.rows == 0) return lists;
  lists.width = start_of(chunk, 1) - start_of(chunk, 0);
  for (std::int64_t i = 0; i < lists.rows; ++i) {
    if (chunk.IsNull(i)) fail(i, "is null");
    const std::int64_t width = start_of(chunk, i + 1) - start_of(chunk, i);
    if (width != lists.width)
      fail(i, "has " + std::to_string(width) + " numbers, the one before it " + std::to_string(lists.width));
  }
  const std::int64_t first = start_of(chunk, 0), count = lists.rows * lists.width;
  for (std::int64_t i = first; numbers.null_count() > 0 && i < first + count; ++i)
    if (numbers.IsNull(i)) fail((i - first) / lists.width, "holds a null");
  const auto size = static_cast<std::int64_t>(number_type(*numbers.type()).bytes);
  const arrow::ArrayData& data = *numbers.data();
  if (count == 0 || data.buffers.size() < 2 || data.buffers[1] == nullptr) return lists;
  const auto* bytes = reinterpret_cast<const std::byte*>(data.buffers[1]->data());
  lists.bytes = {bytes + (data.offset + first) * size, static_cast<std::size_t>(count * size)};
  return lists;
}

}  // namespace

std::unique_ptr<StepArrays> open_parquet_arrays(const fs::path& file, const std::string& word) {
  return std::make_unique<ParquetArrays>(file, word);
}

}  // namespace zoetrope::data
