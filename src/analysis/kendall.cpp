// SPDX-License-Identifier: Apache-2.0
#include "kendall.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "order.hpp"

namespace zoetrope::analysis {

namespace {

std::int64_t num_pairs(std::int64_t count) {
  return count * (count - 1) / 2;
}

// Pairs of the same value among `values`, of which equal ones stand side by side.
template <typename Values, typename Equal>
std::int64_t tied_pairs(const Values& values, const Equal& equal) {
  std::int64_t tied = 0;
  for (auto first = values.begin(); first != values.end();) {
    const auto last =
        std::find_if_not(first, values.end(), [&](const auto& other) { return equal(*first, other); });
    tied += num_pairs(last - first);
    first = last;
  }
  return tied;
}

// Sorts [first, first + count) and returns how many pairs stood the wrong way round.
std::int64_t sort_counting(double* first, std::size_t count, double* spare) {
  if (count < 2) return 0;
  const std::size_t half = count / 2;
  double* const middle = first + half;
  double* const last = first + count;
  std::int64_t swapped = sort_counting(first, half, spare) + sort_counting(middle, count - half, spare);
  double* out = spare;
  const double *left = first, *right = middle;
  while (left < middle && right < last) {
    const bool takes_right = *right < *left;
    if (takes_right) swapped += middle - left;
    *out++ = takes_right ? *right++ : *left++;
  }
  out = std::copy(left, static_cast<const double*>(middle), out);
  std::copy(right, static_cast<const double*>(last), out);
  std::copy_n(spare, count, first);
  return swapped;
}

}  // namespace

double kendall_tau(std::span<const double> a, std::span<const double> b) {
  // By a, then by b: what is in the wrong order of b now is a pair that the two order differently.
  std::vector<std::size_t> order = ascending_order(b);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return a[i]; });
  const auto same_a = [&](std::size_t i, std::size_t j) { return a[i] == a[j]; };
  const std::int64_t tied_a = tied_pairs(order, same_a);
  const std::int64_t tied_both =
      tied_pairs(order, [&](std::size_t i, std::size_t j) { return same_a(i, j) && b[i] == b[j]; });
  std::vector<double> values, spare(b.size());
  for (const std::size_t i : order) values.push_back(b[i]);
  const std::int64_t discordant = sort_counting(values.data(), values.size(), spare.data());
  const std::int64_t tied_b = tied_pairs(values, [](double x, double y) { return x == y; });
  const std::int64_t all = num_pairs(static_cast<std::int64_t>(a.size()));
  if (all == tied_a || all == tied_b) return std::numeric_limits<double>::quiet_NaN();
  const std::int64_t difference = all - tied_a - tied_b + tied_both - 2 * discordant;
  const double tau = static_cast<double>(difference) / std::sqrt(static_cast<double>(all - tied_a)) /
                     std::sqrt(static_cast<double>(all - tied_b));
  return std::clamp(tau, -1.0, 1.0);
}

}  // namespace zoetrope::analysis
