// SPDX-License-Identifier: Apache-2.0
// Columns of Arrow's as the values that a data set is made of, and its errors as ours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/api.h>

#include "shard.hpp"

namespace zoetrope::data {

// Of images and their labels. An image takes more than a byte; values that are all the same take no room in
// the file, but do in memory.
constexpr std::int64_t kMostImagesPerFileByte = 1;

// "PATH: is not a Parquet file that can be read: REASON", on one line.
[[noreturn]] void refuse_file(const std::filesystem::path& path, const char* kind, std::string reason);
[[noreturn]] void refuse_values(const std::filesystem::path& path, const char* kind, std::int64_t file_bytes);
void require_ok(const arrow::Status& status, const std::filesystem::path& path, const char* kind);

template <typename T>
T require_ok(arrow::Result<T> result, const std::filesystem::path& path, const char* kind) {
  require_ok(result.status(), path, kind);
  return std::move(result).ValueUnsafe();
}

std::vector<Column> columns_of(const arrow::Schema& schema);
std::string hugging_face_metadata_of(const arrow::Schema& schema);

// Each takes an array of the kind that columns_of() told.
void append_files(const arrow::Array& array, ImageFiles& images);
using Texts = std::vector<std::optional<std::string>>;
void append_texts(const arrow::Array& array, Texts& out);
void append_integers(const arrow::Array& array, std::vector<std::optional<std::int64_t>>& out);

// "" in place of null.
std::vector<std::string> without_nulls(const Texts& texts);

}  // namespace zoetrope::data
