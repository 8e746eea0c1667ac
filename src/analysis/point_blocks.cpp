// SPDX-License-Identifier: Apache-2.0
#include "point_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nearest_list.hpp"
#include "score_kernels.hpp"

namespace zoetrope::analysis {

namespace {

// Between 0 and 65535 along an axis from `least` to `most`.
std::uint32_t step_along(double value, double least, double most) {
  constexpr double kSteps = 65535;
  return most > least ? static_cast<std::uint32_t>((value - least) / (most - least) * kSteps) : 0;
}

// The lower 16 bits of `value` with a zero between any two.
std::uint32_t spread_bits(std::uint32_t value) {
  value = (value | value << 8) & 0x00ff00ff;
  value = (value | value << 4) & 0x0f0f0f0f;
  value = (value | value << 2) & 0x33333333;
  return (value | value << 1) & 0x55555555;
}

}  // namespace

// By Morton (1966): neighbours along this order are near.
void PointBlocks::sort(const Points& points) {
  const Eigen::RowVector2d least = points.colwise().minCoeff(), most = points.colwise().maxCoeff();
  std::vector<std::uint32_t> code(place_.size());
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    code[i] = spread_bits(step_along(points(row, 0), least[0], most[0])) |
              spread_bits(step_along(points(row, 1), least[1], most[1])) << 1;
  }
  std::iota(point_.begin(), point_.end(), 0);
  std::ranges::stable_sort(point_, {}, [&](std::int64_t point) { return code[point]; });
}

PointBlocks::PointBlocks(const Points& points)
    : place_(static_cast<std::size_t>(points.rows())),
      point_(place_.size()),
      x_(place_.size()),
      y_(place_.size()),
      number_(place_.size()) {
  if (place_.empty()) return;
  sort(points);
  for (std::size_t place = 0; place < point_.size(); ++place) {
    const std::int64_t point = point_[place];
    place_[point] = static_cast<std::int64_t>(place);
    number_[place] = static_cast<double>(point);
    x_[place] = points(point, 0);
    y_[place] = points(point, 1);
  }
  for (std::size_t first = 0; first < x_.size(); first += kPoints) {
    const std::size_t count = std::min<std::size_t>(kPoints, x_.size() - first);
    const auto [left, right] = std::ranges::minmax(std::span(x_).subspan(first, count));
    const auto [bottom, top] = std::ranges::minmax(std::span(y_).subspan(first, count));
    left_.push_back(left), right_.push_back(right);
    bottom_.push_back(bottom), top_.push_back(top);
  }
}

std::int64_t PointBlocks::size(std::int64_t block) const {
  return std::min(kPoints, static_cast<std::int64_t>(x_.size()) - begin(block));
}

PointBlocks::Reach PointBlocks::reach(double x, double y) const {
  Reach reach{std::vector<double>(left_.size()), std::vector<double>(left_.size())};
  reach_of_boxes({left_.data(), right_.data(), bottom_.data(), top_.data()}, num_blocks(), x, y,
                 reach.least.data(), reach.most.data());
  return reach;
}

double PointBlocks::squared_distance(std::int64_t a, std::int64_t b) const {
  const double dx = x_[b] - x_[a], dy = y_[b] - y_[a];
  return dx * dx + dy * dy;
}

void PointBlocks::find_nearest(std::int64_t i, std::int64_t k, std::int64_t* nearest) const {
  const std::int64_t here = place_[i], own = here / kPoints;
  NearestList list(k);
  const auto look = [&](std::int64_t block) {
    for (std::int64_t place = begin(block); place < begin(block) + size(block); ++place)
      if (place != here) list.offer({squared_distance(here, place), point_[place]});
  };
  look(own);
  const Reach reach = this->reach(x_[here], y_[here]);
  for (std::int64_t block = 0; block < num_blocks(); ++block)
    if (block != own && reach.least[block] <= list.reach()) look(block);
  for (const Neighbour& neighbour : list.entries()) *nearest++ = neighbour.row;
}

std::vector<std::int64_t> PointBlocks::ranks(std::int64_t i, std::span<const std::int64_t> others) const {
  const std::int64_t here = place_[i];
  std::vector<std::size_t> order(others.size());
  std::iota(order.begin(), order.end(), 0);
  const auto distance_to = [&](std::size_t n) { return squared_distance(here, place_[others[n]]); };
  std::ranges::sort(order, {}, distance_to);
  std::vector<double> limits, numbers;
  for (const std::size_t n : order) {
    limits.push_back(distance_to(n));
    numbers.push_back(static_cast<double>(others[n]));
  }
  // Points of whole blocks are entered once, at the first limit that they are all within.
  std::vector<std::int64_t> nearer(limits.size(), 0), whole(limits.size() + 1, 0);
  const Reach reach = this->reach(x_[here], y_[here]);
  for (std::int64_t block = 0; block < num_blocks(); ++block) {
    const double least = reach.least[block], most = reach.most[block];
    if (least > limits.back()) continue;
    const auto some = std::ranges::lower_bound(limits, least), all = std::ranges::upper_bound(limits, most);
    whole[all - limits.begin()] += size(block);
    if (some == all) continue;
    const std::int64_t first = begin(block), limit = some - limits.begin();
    count_nearer_points({x_.data() + first, y_.data() + first, number_.data() + first}, size(block), x_[here],
                        y_[here], limits.data() + limit, numbers.data() + limit, all - some,
                        nearer.data() + limit);
  }
  std::vector<std::int64_t> ranks(others.size());
  std::int64_t within = 0;
  for (std::size_t n = 0; n < limits.size(); ++n) {
    within += whole[n];
    const bool is_counted = limits[n] > 0 || i < others[order[n]];  // point i itself
    ranks[order[n]] = nearer[n] + within + (is_counted ? 0 : 1);
  }
  return ranks;
}

}  // namespace zoetrope::analysis
