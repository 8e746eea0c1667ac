// SPDX-License-Identifier: Apache-2.0
// Which columns of a Parquet file hold the images and the labels, and what the labels are called.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/support/json.hpp"

#include "parquet/shard.hpp"

namespace zoetrope::data {

// The features that `datasets` keeps in the schema: name, kind ("Image", "ClassLabel") and class names.
class Features {
 public:
  // `metadata` is Shard::hugging_face_metadata(). Throws InputError naming `origin` on damaged JSON.
  Features(const std::string& metadata, const std::string& origin);

  bool is(const std::string& column, const char* type) const;
  // None where the column is no ClassLabel.
  std::vector<std::string> class_names(const std::string& column, const std::string& origin) const;

 private:
  support::Json features_;
};

// The column named `given`, else the only one of the right `kind` and feature type, else the first that has a
// usual name. Throws InputError naming `origin` and, as the way to say which, `option`.
std::size_t choose_column(const std::vector<Column>& columns, ColumnKind kind, const std::string& given,
                          const char* option, const std::vector<std::string_view>& usual,
                          const std::function<bool(const std::string&)>& is_marked,
                          const std::string& origin);

}  // namespace zoetrope::data
