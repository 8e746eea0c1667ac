// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <string_view>

namespace zoetrope::store {

// In how many bits two texts of one length differ; -1: they are of two lengths.
inline int differing_bits(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return -1;
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    bits += std::popcount(
        static_cast<unsigned char>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  return bits;
}

}  // namespace zoetrope::store
