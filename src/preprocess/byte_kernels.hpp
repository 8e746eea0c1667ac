// SPDX-License-Identifier: Apache-2.0
// The inner loops over bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "resample.hpp"

namespace zoetrope::preprocess {

// Each row of `out` is a weighted sum of rows of `rows`, as `axis` says; all rows are `row_bytes` long.
void weigh_rows(const std::uint8_t* rows, std::size_t row_bytes, const AxisWeights& axis, std::uint8_t* out);

// out[c * out_stride + r] = in[r * in_stride + c] for `rows` times `columns` bytes.
void transpose(const std::uint8_t* in, std::size_t rows, std::size_t columns, std::size_t in_stride,
               std::uint8_t* out, std::size_t out_stride);

// planes[c * plane + i] = pixels[i * channels + c]
void split_channels(const std::uint8_t* pixels, std::size_t plane, std::size_t channels,
                    std::uint8_t* planes);

}  // namespace zoetrope::preprocess
