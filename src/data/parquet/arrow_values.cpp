// SPDX-License-Identifier: Apache-2.0
#include "arrow_values.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <arrow/util/io_util.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/system_error.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

bool holds_text(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING;
}

bool holds_bytes(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY;
}

ColumnKind kind_of(const arrow::DataType& type) {
  if (arrow::is_integer(type.id())) return ColumnKind::kInteger;
  if (holds_text(type)) return ColumnKind::kText;
  if (holds_bytes(type)) return ColumnKind::kImage;
  if (type.id() != arrow::Type::STRUCT) return ColumnKind::kOther;
  const auto bytes = static_cast<const arrow::StructType&>(type).GetFieldByName("bytes");
  return bytes != nullptr && holds_bytes(*bytes->type()) ? ColumnKind::kImage : ColumnKind::kOther;
}

template <typename Binary>
void append_binary(const arrow::Array& array, ImageFiles& images) {
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
void append_strings(const arrow::Array& array, Texts& out) {
  const auto& values = static_cast<const Strings&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i)
    out.push_back(values.IsNull(i) ? std::nullopt : std::optional(std::string(values.GetView(i))));
}

template <typename Integers>
void append_numbers(const arrow::Array& array, std::vector<std::optional<std::int64_t>>& out) {
  const auto& values = static_cast<const Integers&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i)
    out.push_back(values.IsNull(i) ? std::nullopt
                                   : std::optional(static_cast<std::int64_t>(values.Value(i))));
}

}  // namespace

void refuse_file(const fs::path& path, const char* kind, std::string reason) {
  std::ranges::replace(reason, '\n', ' ');
  throw InputError(path.string() + ": is not " + kind + " file that can be read: " + reason);
}

void refuse_values(const fs::path& path, const char* kind, std::int64_t file_bytes) {
  refuse_file(
      path, kind,
      "a column claims more values than the file's " + std::to_string(file_bytes) + " bytes can hold");
}

void require_ok(const arrow::Status& status, const fs::path& path, const char* kind) {
  if (status.ok()) return;
  if (const int error = arrow::internal::ErrnoFromStatus(status))
    support::throw_system_error(path, "cannot be read", error);
  refuse_file(path, kind, status.ToString());
}

std::vector<Column> columns_of(const arrow::Schema& schema) {
  std::vector<Column> columns;
  for (const auto& field : schema.fields())
    columns.push_back({field->name(), kind_of(*field->type()), field->type()->ToString()});
  return columns;
}

std::string hugging_face_metadata_of(const arrow::Schema& schema) {
  const auto& metadata = schema.metadata();
  if (metadata == nullptr) return "";
  const int at = metadata->FindKey("huggingface");
  return at < 0 ? "" : metadata->value(at);
}

void append_files(const arrow::Array& array, ImageFiles& images) {
  if (array.type_id() == arrow::Type::BINARY) append_binary<arrow::BinaryArray>(array, images);
  if (array.type_id() == arrow::Type::LARGE_BINARY) append_binary<arrow::LargeBinaryArray>(array, images);
}

void append_texts(const arrow::Array& array, Texts& out) {
  if (array.type_id() == arrow::Type::STRING) append_strings<arrow::StringArray>(array, out);
  if (array.type_id() == arrow::Type::LARGE_STRING) append_strings<arrow::LargeStringArray>(array, out);
}

std::vector<std::string> without_nulls(const Texts& texts) {
  std::vector<std::string> plain;
  for (const auto& text : texts) plain.push_back(text.value_or(""));
  return plain;
}

void append_integers(const arrow::Array& array, std::vector<std::optional<std::int64_t>>& out) {
  switch (array.type_id()) {
    case arrow::Type::INT8:
      return append_numbers<arrow::Int8Array>(array, out);
    case arrow::Type::INT16:
      return append_numbers<arrow::Int16Array>(array, out);
    case arrow::Type::INT32:
      return append_numbers<arrow::Int32Array>(array, out);
    case arrow::Type::INT64:
      return append_numbers<arrow::Int64Array>(array, out);
    case arrow::Type::UINT8:
      return append_numbers<arrow::UInt8Array>(array, out);
    case arrow::Type::UINT16:
      return append_numbers<arrow::UInt16Array>(array, out);
    case arrow::Type::UINT32:
      return append_numbers<arrow::UInt32Array>(array, out);
    case arrow::Type::UINT64:
      return append_numbers<arrow::UInt64Array>(array, out);
    default:  // not where kind_of() said kInteger
      return;
  }
}

}  // namespace zoetrope::data
