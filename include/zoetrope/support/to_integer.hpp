// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <optional>

namespace zoetrope::support {

// `value` without its fraction; none where T has no such number, as of NaN: to convert that is undefined.
template <std::integral T>
std::optional<T> to_integer(double value) {
  const double whole = std::trunc(value);
  const double beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);  // one more than the greatest
  const double least = std::numeric_limits<T>::is_signed ? -beyond : 0;
  if (!(whole >= least && whole < beyond)) return std::nullopt;
  return static_cast<T>(whole);
}

}  // namespace zoetrope::support
