// SPDX-License-Identifier: Apache-2.0
// Columns of a user's own, for the page: by them it colours, filters and sorts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::review {

// A column of numbers, or one of words.
struct OwnColumn {
  std::string name;
  std::vector<double> values;  // [N]; of words their places among `categories`; NaN where there is none
  std::vector<std::string> categories;  // in the order of the file; empty: the values are numbers
};

// Reads a CSV file (RFC 4180, UTF-8, with a header): a column `index`, counted from 0, or else `name` says
// which of the `count` images a line is of; the others are the columns, of numbers where all of their fields
// are, save those that are empty or nan. Images without a line have no values. `names`: of the images, or
// empty. InputError names file, line and column: text that is no UTF-8, a line with more or fewer fields than
// the header, an image that is not there or there twice, a name that several images have, an infinite number,
// a quote that does not end.
std::vector<OwnColumn> read_columns(const std::filesystem::path& path, std::size_t count,
                                    const std::vector<std::string>& names);

}  // namespace zoetrope::review
