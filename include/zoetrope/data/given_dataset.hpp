// SPDX-License-Identifier: Apache-2.0
// What embeddings that another program has computed are of: labels, classes, and images where there are some.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

struct GivenRows {
  std::int64_t count = 0;                 // rows of each array of embeddings
  std::int64_t num_classes = 0;           // columns of the logits; 0: there are none
  std::filesystem::path labels;           // empty: those of `images`, or else one class for all
  std::string label_column;               // of a Parquet file, where more than one may be meant
  std::shared_ptr<const Dataset> images;  // null: there are none
};

// clang-format off
// Labels are read from
//   .npy         whole numbers [N]
//   .parquet     a column of whole numbers or words, found as in shards of images; a column `name` names the
//                rows
//   other files  text, one label a line: whole numbers, or words. In a .csv the first line may be a heading
// clang-format on
// Classes are, of words, these, sorted; of numbers, those that class_names.txt beside the file or a
// ClassLabel names; else 0 to C - 1 where there are logits, else the numbers themselves, sorted. Throws
// InputError, naming file and row, where there are not as many labels or images as rows, where labels and
// logits are not of as many classes, and where a class's name is no UTF-8; UsageError for logits without
// labels.
std::unique_ptr<Dataset> open_given_dataset(const GivenRows& rows);

// Whether a Parquet file has a column of labels of its own.
bool has_labels(const std::filesystem::path& parquet, const std::string& label_column);

}  // namespace zoetrope::data
