// SPDX-License-Identifier: Apache-2.0
// The exports, each in a file of its own.
#pragma once

#include <algorithm>
#include <filesystem>
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
  // Of a table of test and training images, these behind those: how many rows are test images. What is known
  // of test images alone is NaN in the others' rows.
  std::size_t num_test = 0;

  bool has_training() const { return num_test < review.analysis.num_images(); }
  // Places in an order, from 1; of rows that have none, 0.
  std::vector<std::int64_t> of_test(std::vector<std::int64_t> ranks) const {
    std::fill(ranks.begin() + static_cast<std::ptrdiff_t>(std::min(num_test, ranks.size())), ranks.end(), 0);
    return ranks;
  }
  const char* split(std::size_t row) const { return row < num_test ? "test" : "train"; }
  std::int64_t index(std::size_t row) const {  // in its split
    return row < num_test ? static_cast<std::int64_t>(row) : review.analysis.train_index[row - num_test];
  }
};

// The review with a row for each training image behind those of the test images, as the tables have it.
Review with_training_rows(const Review& review);

// The rows before which a Parquet file's row groups end, of images of so many bytes each: of 16,384 images,
// or of 256 MiB. Readers take a group's images at once, and many hold 2 GiB of them at most.
std::vector<std::size_t> row_group_ends(std::span<const std::size_t> bytes);

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
  std::vector<std::int64_t> index;
  std::vector<std::string> split;
  for (std::size_t row = 0; row < data.review.analysis.num_images(); ++row) {
    index.push_back(data.index(row));
    split.push_back(data.split(row));
  }
  table.add_ints("index", index);
  if (data.has_training()) table.add_texts("split", split);
  if (const auto images = encode_images(data.review); !images.empty()) table.add_images("image", images);
  if (!data.review.image_names.empty()) table.add_texts("name", data.review.image_names);
}

// The values of frame t of an array [T, N] (or [T, N, 2] with 2 values an image).
template <typename T>
std::span<const T> frame_of(const std::vector<T>& values, std::size_t t, std::size_t frame_size) {
  return std::span<const T>(values).subspan(t * frame_size, frame_size);
}

}  // namespace zoetrope::review
