// SPDX-License-Identifier: Apache-2.0
// Which columns of a file hold the images and the labels, and what the labels are called.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/support/json.hpp"

#include "card_features.hpp"
#include "parquet/shard.hpp"

namespace zoetrope::data {

// The features that `datasets` keeps in the schema: name, kind ("Image", "ClassLabel") and class names.
class Features {
 public:
  // `metadata` is Table::hugging_face_metadata(). Throws InputError naming `origin` on damaged JSON.
  Features(const std::string& metadata, const std::string& origin);
  // Those of a card, which count for all files of a data set.
  explicit Features(CardFeatures card);

  bool are_of_card() const { return !card_.empty(); }
  // Throws InputError where a card lacks one of the file's columns: `datasets` reads no such file, either.
  void require(const std::vector<Column>& columns, const std::string& file) const;

  bool is(const std::string& column, const char* type) const;
  // None where the column is no ClassLabel.
  std::vector<std::string> class_names(const std::string& column, const std::string& origin) const;

 private:
  support::Json features_;
  std::string card_;  // the file that they are of
};

// The column named `given`, else the only one of a right kind and feature type, else the first that has a
// usual name, else the only one of the first of `kinds` that any has. Throws InputError naming `origin` and,
// as the way to say which, `option`.
std::size_t choose_column(const std::vector<Column>& columns, const std::vector<ColumnKind>& kinds,
                          const std::string& given, const char* option,
                          const std::vector<std::string_view>& usual,
                          const std::function<bool(const std::string&)>& is_marked,
                          const std::string& origin);

}  // namespace zoetrope::data
