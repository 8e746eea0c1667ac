// SPDX-License-Identifier: Apache-2.0
// Neighbouring items, and the one way in which they are dealt evenly.
#pragma once

#include <algorithm>
#include <cstdint>

namespace zoetrope::support {

// [begin, end): rows, blocks, elements.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  bool operator==(const Range&) const = default;
  auto operator<=>(const Range&) const = default;
};

// The share of [0, count) for number `index` of `shares`: neighbours, and sizes differ by at most one.
inline Range share(std::int64_t count, int index, int shares) {
  const std::int64_t size = count / shares;
  const std::int64_t larger = count % shares;  // the first so many have one more
  const std::int64_t begin = index * size + std::min<std::int64_t>(index, larger);
  return {begin, begin + size + (index < larger ? 1 : 0)};
}

}  // namespace zoetrope::support
