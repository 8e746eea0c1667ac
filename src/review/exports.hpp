// SPDX-License-Identifier: Apache-2.0
// The exports, each in a file of its own.
#pragma once

#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "zoetrope/review/review.hpp"
#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::review {

struct ExportData {
  const Review& review;
  std::vector<store::Embeddings>
      embeddings;  // of the first and the last checkpoint, or of the one that has some
};

void write_npz(const std::filesystem::path& path, const ExportData& data);
void write_parquet(const std::filesystem::path& path, const ExportData& data);
void write_projector(const std::filesystem::path& folder, const ExportData& data);
void write_spotlight(const std::filesystem::path& path, const ExportData& data);

// A PNG file's bytes; `pixels` as in Images.
std::string encode_png(std::span<const std::uint8_t> pixels, std::int64_t width, std::int64_t height,
                       std::int64_t channels);
// Every image as a PNG file; empty where the review has no pictures.
std::vector<std::string> encode_images(const Review& review);

// The columns that a table of images begins with.
template <typename Table>
void add_image_columns(Table& table, const ExportData& data) {
  std::vector<std::int64_t> index(data.review.analysis.num_images());
  std::iota(index.begin(), index.end(), 0);
  table.add_ints("index", index);
  if (const auto images = encode_images(data.review); !images.empty()) table.add_images("image", images);
  if (!data.review.image_names.empty()) table.add_texts("name", data.review.image_names);
}

// The values of frame t of an array [T, N] (or [T, N, 2] with 2 values an image).
template <typename T>
std::span<const T> frame_of(const std::vector<T>& values, std::size_t t, std::size_t frame_size) {
  return std::span<const T>(values).subspan(t * frame_size, frame_size);
}

}  // namespace zoetrope::review
