// SPDX-License-Identifier: Apache-2.0
// DEFLATE (RFC 1951), packed by ISA-L: a frame five times as fast as by zlib's or libdeflate's fastest level,
// and the page's scripts eight times as fast as by zlib's best; both become a tenth larger than there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct isal_zstream;

namespace zoetrope::support {

class Deflater {
 public:
  enum class Container { kGzip, kZlib };
  enum class Effort { kLittle, kMost };  // the most takes text three times as long, for a tenth less

  Deflater(Container container, Effort effort);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // Less than 4 GiB at a time. Throws RunError where they cannot be packed.
  void add(std::span<const std::uint8_t> bytes, bool last);
  // All that was packed, once the last bytes were added.
  std::string_view bytes() const { return {packed_.data(), used_}; }

 private:
  void pack(std::span<const std::uint8_t> bytes, std::uint16_t flush, bool last);

  std::unique_ptr<isal_zstream> stream_;
  std::vector<std::uint8_t> buffer_;
  std::vector<std::uint8_t> head_;  // the first bytes of all
  std::string packed_;              // its first `used_` bytes count
  std::size_t used_ = 0;
};

}  // namespace zoetrope::support
