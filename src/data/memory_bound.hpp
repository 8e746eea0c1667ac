// SPDX-License-Identifier: Apache-2.0
// How much memory a foreign file may have set aside before its bytes have borne that out.
#pragma once

#include <algorithm>
#include <cstdint>

namespace zoetrope::data {

// Of a file of so many bytes, in bytes. What is packed may unpack to more, and then memory grows as it comes.
// Numbers and images hardly shrink; what is small may be all alike.
constexpr std::int64_t believed_bytes(std::int64_t file_bytes) {
  constexpr std::int64_t kOfEachByte = 64, kOfAnyFile = std::int64_t{256} << 20;
  return std::max(kOfAnyFile, kOfEachByte * file_bytes);
}

// The same in values of one column: numbers, words or files of images.
constexpr std::int64_t believed_values(std::int64_t file_bytes) {
  constexpr std::int64_t kBytesOfValue = 64;
  return believed_bytes(file_bytes) / kBytesOfValue;
}

}  // namespace zoetrope::data
