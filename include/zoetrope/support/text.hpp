// SPDX-License-Identifier: Apache-2.0
// Numbers as a person reads them.
#pragma once

#include <cstdint>
#include <string>

namespace zoetrope::support {

std::string format_duration(double seconds);    // "42 s", "3 min 07 s", "2 h 05 min"
std::string format_bytes(std::uint64_t bytes);  // "812 B", "1.2 GiB"
// Of an estimate that 64 bits may not hold: "more than 16777216.0 TiB".
std::string format_estimated_bytes(double bytes);
std::string format_fixed(double value, int digits);  // "0.412"
std::string format_count(std::int64_t count);        // "10,000"
std::string format_rate(double per_second);  // "1,234", "5.6", "0.042": never 0 where something goes on
// The name in `known` nearest to `word` when it is near enough to be a slip of the finger; else "".
template <typename Range>
std::string nearest_word(const std::string& word, const Range& known);

std::size_t edit_distance(const std::string& a, const std::string& b);

template <typename Range>
std::string nearest_word(const std::string& word, const Range& known) {
  std::string best;
  std::size_t best_distance = word.size() / 3 + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace zoetrope::support
