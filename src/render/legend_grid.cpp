// SPDX-License-Identifier: Apache-2.0
#include "legend_grid.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace zoetrope::render {

std::size_t best_columns(std::size_t entries, std::size_t most_columns, std::size_t most_rows) {
  std::size_t best = most_columns;
  std::size_t fewest_empty = entries;
  for (std::size_t columns = most_columns; 2 * columns > most_columns; --columns) {
    const std::size_t rows = (entries + columns - 1) / columns;
    if (rows > most_rows) break;
    const std::size_t empty = rows * columns - entries;
    if (empty < fewest_empty) {
      fewest_empty = empty;
      best = columns;
    }
  }
  return best;
}

LegendGrid legend_grid(const Rect& box, std::size_t num_classes, double longest_name_em, double body,
                       double row_height) {
  constexpr double kLongestName = 11;  // em
  constexpr std::array<std::pair<double, double>, 5> kSizes = {
      {{1, kLongestName}, {1, 8}, {1, 6.5}, {0.84, 6.5}, {0.84, 5}}};  // of the body, longest name in em
  LegendGrid grid;
  for (const auto& [share, longest] : kSizes) {
    grid.body = share * body;
    const double entry_width = (std::clamp(longest_name_em, 2.0, longest) + 2.6) * grid.body;
    grid.most_columns = static_cast<std::size_t>(std::max(1.0, std::floor(box.w / entry_width)));
    grid.most_rows = static_cast<std::size_t>(std::max(1.0, std::floor(box.h / (share * row_height))));
    if (grid.most_columns * grid.most_rows >= num_classes) break;
  }
  return grid;
}

}  // namespace zoetrope::render
