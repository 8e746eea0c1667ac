// SPDX-License-Identifier: Apache-2.0
// A binary range coder as LZMA's (Martin 1979; Pavlov's LZMA SDK), and probabilities that learn from the bits
// that were coded. A coder's bit(p, value) takes a bit that is 1 with p / 4096, and returns it: the encoder
// the one that it is given, the decoder the one that it reads, so that one piece of code does both. The
// page's decoder is page/neighbour_code.js.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::review {

class RangeEncoder {
 public:
  bool bit(std::uint32_t probability, bool value) {
    const std::uint32_t bound = (range_ >> 12) * probability;
    if (value) {
      range_ = bound;
    } else {
      low_ += bound;
      range_ -= bound;
    }
    for (; range_ < (1U << 24); range_ <<= 8) shift();
    return value;
  }

  // All that was coded; nothing can be added.
  std::string finish() {
    for (int byte = 0; byte < 5; ++byte) shift();
    return std::move(bytes_);
  }

 private:
  // The highest byte leaves once no carry can change it any more.
  void shift() {
    if (low_ < 0xFF000000U || low_ > 0xFFFFFFFFU) {
      const auto carry = static_cast<std::uint8_t>(low_ >> 32);
      for (; waiting_ > 0; --waiting_) {
        bytes_.push_back(static_cast<char>(held_ + carry));
        held_ = 0xFF;
      }
      held_ = static_cast<std::uint8_t>(low_ >> 24);
    }
    ++waiting_;
    low_ = (low_ & 0x00FFFFFFU) << 8;
  }

  std::string bytes_;
  std::uint64_t low_ = 0;
  std::uint32_t range_ = 0xFFFFFFFFU;
  std::uint8_t held_ = 0;
  std::size_t waiting_ = 1;
};

// Behind the last byte it reads zeros.
class RangeDecoder {
 public:
  explicit RangeDecoder(std::string_view bytes) : bytes_(bytes) {
    for (int byte = 0; byte < 5; ++byte) code_ = (code_ << 8) | next();
  }

  bool bit(std::uint32_t probability, bool /*value*/) {
    const std::uint32_t bound = (range_ >> 12) * probability;
    const bool value = code_ < bound;
    if (value) {
      range_ = bound;
    } else {
      code_ -= bound;
      range_ -= bound;
    }
    for (; range_ < (1U << 24); range_ <<= 8) code_ = (code_ << 8) | next();
    return value;
  }

 private:
  std::uint32_t next() { return at_ < bytes_.size() ? static_cast<std::uint8_t>(bytes_[at_++]) : 0; }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint32_t range_ = 0xFFFFFFFFU;
  std::uint32_t code_ = 0;
};

// Probabilities of a 1, one for each context that a bit is coded in.
class LearntBits {
 public:
  explicit LearntBits(std::size_t contexts) : probability_(contexts, kFirst), seen_(contexts, 0) {}

  std::uint16_t probability(std::size_t context) const { return probability_[context]; }

  template <typename Coder>
  bool code(Coder& coder, std::size_t context, bool value) {
    std::uint16_t& p = probability_[context];
    const bool coded = coder.bit(std::max(1, p >> 4), value);
    // A division of doubles, which C++ and JavaScript round alike.
    p = static_cast<std::uint16_t>(p + ((coded ? 65535 : 0) - p) / (seen_[context] + 1.5));
    if (seen_[context] < kMemory) ++seen_[context];
    return coded;
  }

 private:
  static constexpr std::uint16_t kFirst = 4096;  // of 65536
  static constexpr std::uint8_t kMemory = 200;   // bits after which older ones fade

  std::vector<std::uint16_t> probability_;
  std::vector<std::uint8_t> seen_;
};

}  // namespace zoetrope::review
