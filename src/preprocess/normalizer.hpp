// SPDX-License-Identifier: Apache-2.0
// One channel's bytes as the model's input values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace zoetrope::preprocess {

constexpr std::size_t kByteValues = 256;
using ByteTable = std::array<float, kByteValues>;

// In ViTImageProcessorPil's arithmetic: the rescale by `factor` in double, rounded to float, then mean and
// deviation in float. A value depends on its byte alone, not on the batch around it.
class Normalizer {
 public:
  // The same values computed without a table, several at a time.
  struct Formula {
    float factor, factor_rest;  // whose sum is the double
    float mean, deviation;
  };

  Normalizer(double factor, float mean, float deviation);

  void apply(const std::uint8_t* bytes, std::int64_t count, float* out) const;

 private:
  ByteTable table_;
  Formula formula_;
  bool computes_;
};

}  // namespace zoetrope::preprocess
