// SPDX-License-Identifier: Apache-2.0
#include "transpose.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/transpose.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "lanes.hpp"

HWY_BEFORE_NAMESPACE();
namespace zoetrope::model::HWY_NAMESPACE {
namespace {

// rows[i][j] = rows[j][i]: twos, fours and eights of a column come together.
HWY_INLINE void transpose_square([[maybe_unused]] Lanes (&rows)[kLanes]) {
#if HWY_TARGET != HWY_SCALAR  // which has one lane and no shuffles
  const hn::Repartition<double, Tag> pairs_tag;
  const auto pairs = [](Lanes x) HWY_ATTR { return hn::BitCast(hn::Repartition<double, Tag>(), x); };
  Lanes twos[kLanes], fours[kLanes];
  for (int i = 0; i < kLanes; i += 2) {
    twos[i] = hn::InterleaveLower(kTag, rows[i], rows[i + 1]);
    twos[i + 1] = hn::InterleaveUpper(kTag, rows[i], rows[i + 1]);
  }
  for (int i = 0; i < kLanes; i += 4) {
    for (int k = 0; k < 2; ++k) {
      const auto first = pairs(twos[i + k]), second = pairs(twos[i + k + 2]);
      fours[i + 2 * k] = hn::BitCast(kTag, hn::InterleaveLower(pairs_tag, first, second));
      fours[i + 2 * k + 1] = hn::BitCast(kTag, hn::InterleaveUpper(pairs_tag, first, second));
    }
  }
  for (int i = 0; i < 4; ++i) {
    if constexpr (kLanes == 4) {
      rows[i] = fours[i];
    } else {
      rows[i] = hn::ConcatLowerLower(kTag, fours[i + 4], fours[i]);
      rows[i + 4] = hn::ConcatUpperUpper(kTag, fours[i + 4], fours[i]);
    }
  }
#endif
}

// kLanes columns of `to`, of at most as many rows of `from`.
HWY_INLINE void transpose_rows(std::int64_t rows, std::int64_t columns, MatrixView<const float> from,
                               MatrixView<float> to) {
  for (std::int64_t c = 0; c < columns; c += kLanes) {
    Lanes square[kLanes];
    for (std::int64_t i = 0; i < kLanes; ++i)
      square[i] = i < rows ? load(from.data + i * from.stride + c) : zero();
    transpose_square(square);
    for (std::int64_t i = 0; i < kLanes; ++i) store(to.data + (c + i) * to.stride, square[i]);
  }
}

void transpose(std::int64_t rows, std::int64_t columns, MatrixView<const float> from, MatrixView<float> to,
               std::int64_t width) {
  const std::int64_t whole_columns = columns / kLanes * kLanes;
  std::int64_t r = 0;
  for (; r + kLanes <= rows; r += kLanes)
    transpose_rows(kLanes, whole_columns, {from.data + r * from.stride, from.stride},
                   {to.data + r, to.stride});
  for (; r + kLanes <= width; r += kLanes)
    transpose_rows(std::max<std::int64_t>(rows - r, 0), whole_columns,
                   {from.data + std::min(r, rows) * from.stride, from.stride}, {to.data + r, to.stride});
  for (std::int64_t c = 0; c < columns; ++c)
    for (std::int64_t i = c < whole_columns ? r : 0; i < width; ++i)
      to.data[c * to.stride + i] = i < rows ? from.data[i * from.stride + c] : 0;
}

}  // namespace
}  // namespace zoetrope::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::model {

HWY_EXPORT(transpose);

void transpose(std::int64_t rows, std::int64_t columns, MatrixView<const float> from, MatrixView<float> to,
               std::int64_t width) {
  HWY_DYNAMIC_DISPATCH(transpose)(rows, columns, from, to, width);
}

}  // namespace zoetrope::model
#endif
