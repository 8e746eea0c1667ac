// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "article.hpp"

namespace zoetrope::render {

std::vector<double> article_ticks(double least, double greatest, int most_intervals) {
  const double raw = (greatest - least) / most_intervals;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.5, 2.0, 1.0}) {
    if (factor * power >= raw * (1 - 1e-9)) step = factor * power;
  }
  std::vector<double> ticks;
  const double first = std::ceil(least / step - 1e-9);
  for (int k = 0; (first + k) * step <= greatest + 1e-9 * step; ++k) ticks.push_back((first + k) * step);
  return ticks;
}

}  // namespace zoetrope::render
