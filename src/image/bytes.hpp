// SPDX-License-Identifier: Apache-2.0
// What stands in an image file's header.
#pragma once

#include <cstdint>
#include <string_view>

#include "decoders.hpp"

namespace zoetrope::image {

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// They throw DecodeError where the file ends before the last of the `count` bytes, four at most.
inline std::uint32_t little_endian(Bytes bytes, std::size_t at, std::size_t count) {
  if (at > bytes.size() || bytes.size() - at < count) throw DecodeError{"it ends within the header"};
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::uint32_t{bytes[at + i]} << (8 * i);
  return value;
}

inline std::uint32_t big_endian(Bytes bytes, std::size_t at, std::size_t count) {
  if (at > bytes.size() || bytes.size() - at < count) throw DecodeError{"it ends within the header"};
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

}  // namespace zoetrope::image
