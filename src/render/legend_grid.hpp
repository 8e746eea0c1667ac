// SPDX-License-Identifier: Apache-2.0
// How many columns and rows of class names fit in a legend's box.
#pragma once

#include <cstddef>

#include "geometry.hpp"

namespace zoetrope::render {

struct LegendGrid {
  double body = 17;  // pixels an em of its text
  std::size_t most_columns = 1, most_rows = 1;
};

// `longest_name_em`: width of the longest name in em. `body`: pixels an em of the body text. `row_height`: of
// a row of that text. Names are shortened before the text gets smaller, and both before classes are left out.
LegendGrid legend_grid(const Rect& box, std::size_t num_classes, double longest_name_em, double body,
                       double row_height);

// Of the upper half of the possible numbers of columns, the one that leaves the fewest cells empty.
std::size_t best_columns(std::size_t entries, std::size_t most_columns, std::size_t most_rows);

}  // namespace zoetrope::render
