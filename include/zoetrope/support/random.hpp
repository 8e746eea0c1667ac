// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine and with every standard library.
#pragma once

#include <cstdint>

namespace zoetrope::support {

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound), bound > 0, without bias (Lemire: Fast Random Integer Generation in an Interval,
  // 2019).
  std::uint64_t below(std::uint64_t bound) {
    Wide product = static_cast<Wide>(next()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
      const std::uint64_t threshold = (0 - bound) % bound;
      while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Wide>(next()) * bound;
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  // Uniform in [0, 1), with 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  __extension__ using Wide = unsigned __int128;
  std::uint64_t state_;
};

// A seed for the pair (seed, stream) that differs in about half its bits from every neighbour's.
inline std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t stream) {
  const std::uint64_t scrambled = SplitMix64(seed).next();
  return SplitMix64(scrambled ^ (stream * 0xd1342543de82ef95u)).next();
}

}  // namespace zoetrope::support
