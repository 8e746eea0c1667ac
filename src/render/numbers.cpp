// SPDX-License-Identifier: Apache-2.0
#include "numbers.hpp"

#include <fmt/format.h>

namespace zoetrope::render {
namespace {

// 5e-05 as 5e-5.
std::string short_exponent(const std::string& text) {
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return text;
  const std::size_t digits = text.find_first_not_of("+-0", e + 1);
  const std::string sign = text[e + 1] == '-' ? "-" : "";
  return text.substr(0, e + 1) + sign + (digits == std::string::npos ? "0" : text.substr(digits));
}

}  // namespace

std::string format_value(double value, Notation notation) {
  switch (notation) {
    case Notation::kPercent:
      return fmt::format("{:.1f}\u2009%", 100 * value);
    case Notation::kScientific:
      return short_exponent(fmt::format("{:.1e}", value));
    case Notation::kPlain:
      break;
  }
  return fmt::format("{:.{}f}", value, value < 0.1 ? 4 : 3);
}

std::string format_tick(double value, Notation notation) {
  switch (notation) {
    case Notation::kPercent:
      return fmt::format("{:.0f}%", 100 * value);
    case Notation::kScientific:
      return value == 0 ? "0" : short_exponent(fmt::format("{:.0e}", value));
    case Notation::kPlain:
      break;
  }
  return fmt::format("{:.12g}", value);
}

std::string format_multiple(double times) {
  constexpr double kOneDecimalBelow = 9.95;
  return fmt::format("{:.{}f}\u00d7", times, times < kOneDecimalBelow ? 1 : 0);
}

}  // namespace zoetrope::render
