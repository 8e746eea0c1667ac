// SPDX-License-Identifier: Apache-2.0
#include "byte_kernels.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "byte_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::preprocess::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int32_t kHalf = std::int32_t{1} << (kPrecisionBits - 1);

// Rows one after the other that are made of the same rows of the image, as neighbours are when it grows.
struct RowGroup {
  const std::uint8_t* source;   // the first of `count` rows
  std::size_t row_bytes;        // of source and out
  const std::int32_t* weights;  // of the first row of out; those of the next are `taps` further
  std::size_t taps;
  std::size_t count;
  std::size_t rows;  // of out
  std::uint8_t* out;
};

#if HWY_TARGET != HWY_SCALAR  // which has one lane and no shuffles

using SumTag = hn::ScalableTag<std::int32_t>;
using Sum = hn::Vec<SumTag>;
using ShortTag = hn::Repartition<std::int16_t, SumTag>;
using ByteTag = hn::Rebind<std::uint8_t, ShortTag>;

// Pairs of registers of sums, of columns side by side: what interleaving with zeros parts, narrowing joins.
template <std::size_t kPairs>
struct Block {
  Sum part[2 * kPairs];
};

template <std::size_t kPairs>
HWY_INLINE Block<kPairs> load(const std::uint8_t* bytes) {
  Block<kPairs> block;
  for (std::size_t k = 0; k < 2 * kPairs; k += 2, bytes += hn::Lanes(ByteTag())) {
    const auto wide = hn::PromoteTo(ShortTag(), hn::LoadU(ByteTag(), bytes));
    block.part[k] = hn::BitCast(SumTag(), hn::InterleaveLower(ShortTag(), wide, hn::Zero(ShortTag())));
    block.part[k + 1] = hn::BitCast(SumTag(), hn::InterleaveUpper(ShortTag(), wide, hn::Zero(ShortTag())));
  }
  return block;
}

template <std::size_t kPairs>
HWY_INLINE void add_weighed(const Block<kPairs>& pixels, std::int32_t weight, Block<kPairs>& sums) {
  const Sum factor = hn::Set(SumTag(), weight);
  for (std::size_t k = 0; k < 2 * kPairs; ++k)
    sums.part[k] = hn::Add(sums.part[k], hn::Mul(pixels.part[k], factor));
}

template <std::size_t kPairs>
HWY_INLINE Block<kPairs> halves() {
  Block<kPairs> block;
  for (Sum& part : block.part) part = hn::Set(SumTag(), kHalf);
  return block;
}

// Narrowing saturates.
template <std::size_t kPairs>
HWY_INLINE void store(const Block<kPairs>& sums, std::uint8_t* out) {
  for (std::size_t k = 0; k < 2 * kPairs; k += 2, out += hn::Lanes(ByteTag())) {
    const auto narrow = hn::ReorderDemote2To(ShortTag(), hn::ShiftRight<kPrecisionBits>(sums.part[k]),
                                             hn::ShiftRight<kPrecisionBits>(sums.part[k + 1]));
    hn::StoreU(hn::DemoteTo(ByteTag(), narrow), ByteTag(), out);
  }
}

// A block of columns of a group of several rows: each pixel is loaded and widened once.
template <std::size_t kPairs, std::size_t kCount>
HWY_INLINE void weigh_few(const RowGroup& group, std::size_t column) {
  Block<kPairs> pixels[kCount];
  for (std::size_t t = 0; t < kCount; ++t)
    pixels[t] = load<kPairs>(group.source + t * group.row_bytes + column);
  const std::int32_t* weights = group.weights;
  std::uint8_t* out = group.out + column;
  for (std::size_t y = 0; y < group.rows; ++y, weights += group.taps, out += group.row_bytes) {
    Block<kPairs> sums = halves<kPairs>();
    for (std::size_t t = 0; t < kCount; ++t) add_weighed(pixels[t], weights[t], sums);
    store(sums, out);
  }
}

template <std::size_t kPairs>
HWY_INLINE void weigh_many(const RowGroup& group, std::size_t column) {
  for (std::size_t y = 0; y < group.rows; ++y) {
    Block<kPairs> sums = halves<kPairs>();
    const std::uint8_t* source = group.source + column;
    for (std::size_t t = 0; t < group.count; ++t, source += group.row_bytes)
      add_weighed(load<kPairs>(source), group.weights[y * group.taps + t], sums);
    store(sums, group.out + y * group.row_bytes + column);
  }
}

// Takes rows of at least kPairs pairs. The last block begins early enough to end with the row.
template <std::size_t kPairs, typename Weigh>
HWY_INLINE void for_each_block(const RowGroup& group, const Weigh& weigh) {
  const std::size_t block = kPairs * hn::Lanes(ByteTag());
  std::size_t column = 0;
  for (; column + block <= group.row_bytes; column += block) weigh(group, column);
  if (column < group.row_bytes) weigh(group, group.row_bytes - block);
}

template <std::size_t kPairs>
void weigh_group(const RowGroup& group) {
  switch (group.rows > 1 ? group.count : 0) {
    case 1:
      return for_each_block<kPairs>(group, weigh_few<kPairs, 1>);
    case 2:
      return for_each_block<kPairs>(group, weigh_few<kPairs, 2>);
    case 3:
      return for_each_block<kPairs>(group, weigh_few<kPairs, 3>);
    case 4:
      return for_each_block<kPairs>(group, weigh_few<kPairs, 4>);
    default:
      return for_each_block<kPairs>(group, weigh_many<kPairs>);
  }
}

#endif

void weigh_bytes(const RowGroup& group) {
  for (std::size_t y = 0; y < group.rows; ++y) {
    for (std::size_t j = 0; j < group.row_bytes; ++j) {
      std::int32_t sum = kHalf;
      for (std::size_t t = 0; t < group.count; ++t)
        sum += group.source[t * group.row_bytes + j] * group.weights[y * group.taps + t];
      group.out[y * group.row_bytes + j] =
          static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
    }
  }
}

void weigh_rows(const std::uint8_t* rows, std::size_t row_bytes, const AxisWeights& axis, std::uint8_t* out) {
  const auto taps = static_cast<std::size_t>(axis.taps);
  const std::size_t end = axis.first.size();
#if HWY_TARGET == HWY_SCALAR
  const auto weigh = weigh_bytes;
#else
  const std::size_t lanes = hn::Lanes(ByteTag());
  const auto weigh = row_bytes >= 2 * lanes ? weigh_group<2>
                     : row_bytes >= lanes   ? weigh_group<1>
                                            : weigh_bytes;
#endif
  for (std::size_t o = 0; o < end;) {
    std::size_t next = o + 1;
    while (next < end && axis.first[next] == axis.first[o] && axis.count[next] == axis.count[o]) ++next;
    weigh({rows + static_cast<std::size_t>(axis.first[o]) * row_bytes, row_bytes,
           axis.weights.data() + o * taps, taps, static_cast<std::size_t>(axis.count[o]), next - o,
           out + o * row_bytes});
    o = next;
  }
}

constexpr std::size_t kSquare = 16;

#if HWY_TARGET != HWY_SCALAR

using SquareTag = hn::FixedTag<std::uint8_t, kSquare>;

// Four rounds, each of which interleaves row i with row i + 8.
HWY_INLINE void transpose_square(const std::uint8_t* in, std::size_t in_stride, std::uint8_t* out,
                                 std::size_t out_stride) {
  using Row = hn::Vec<SquareTag>;
  Row rows[kSquare], mixed[kSquare];
  for (std::size_t i = 0; i < kSquare; ++i) rows[i] = hn::LoadU(SquareTag(), in + i * in_stride);
  const auto interleave = [](const Row* from, Row* to) HWY_ATTR {
    for (std::size_t i = 0; i < kSquare / 2; ++i) {
      to[2 * i] = hn::InterleaveLower(SquareTag(), from[i], from[i + kSquare / 2]);
      to[2 * i + 1] = hn::InterleaveUpper(SquareTag(), from[i], from[i + kSquare / 2]);
    }
  };
  interleave(rows, mixed);
  interleave(mixed, rows);
  interleave(rows, mixed);
  interleave(mixed, rows);
  for (std::size_t i = 0; i < kSquare; ++i) hn::StoreU(rows[i], SquareTag(), out + i * out_stride);
}

#endif

void transpose_bytes(const std::uint8_t* in, std::size_t rows, std::size_t columns, std::size_t in_stride,
                     std::uint8_t* out, std::size_t out_stride) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

void transpose(const std::uint8_t* in, std::size_t rows, std::size_t columns, std::size_t in_stride,
               std::uint8_t* out, std::size_t out_stride) {
  std::size_t whole_rows = 0, whole_columns = 0;
#if HWY_TARGET != HWY_SCALAR
  whole_rows = rows / kSquare * kSquare;
  whole_columns = columns / kSquare * kSquare;
  for (std::size_t r = 0; r < whole_rows; r += kSquare) {
    for (std::size_t c = 0; c < whole_columns; c += kSquare)
      transpose_square(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
  }
#endif
  transpose_bytes(in + whole_columns, whole_rows, columns - whole_columns, in_stride,
                  out + whole_columns * out_stride, out_stride);
  transpose_bytes(in + whole_rows * in_stride, rows - whole_rows, columns, in_stride, out + whole_rows,
                  out_stride);
}

void split_channels(const std::uint8_t* pixels, std::size_t plane, std::size_t channels,
                    std::uint8_t* planes) {
  const hn::ScalableTag<std::uint8_t> tag;
  std::size_t i = 0;
  for (; channels == 3 && i + hn::Lanes(tag) <= plane; i += hn::Lanes(tag)) {
    hn::Vec<decltype(tag)> first, second, third;
    hn::LoadInterleaved3(tag, pixels + 3 * i, first, second, third);
    hn::StoreU(first, tag, planes + i);
    hn::StoreU(second, tag, planes + plane + i);
    hn::StoreU(third, tag, planes + 2 * plane + i);
  }
  transpose_bytes(pixels + channels * i, plane - i, channels, channels, planes + i, plane);
}

}  // namespace
}  // namespace zoetrope::preprocess::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::preprocess {

HWY_EXPORT(weigh_rows);
HWY_EXPORT(transpose);
HWY_EXPORT(split_channels);

void weigh_rows(const std::uint8_t* rows, std::size_t row_bytes, const AxisWeights& axis, std::uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(weigh_rows)(rows, row_bytes, axis, out);
}

void transpose(const std::uint8_t* in, std::size_t rows, std::size_t columns, std::size_t in_stride,
               std::uint8_t* out, std::size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(transpose)(in, rows, columns, in_stride, out, out_stride);
}

void split_channels(const std::uint8_t* pixels, std::size_t plane, std::size_t channels,
                    std::uint8_t* planes) {
  HWY_DYNAMIC_DISPATCH(split_channels)(pixels, plane, channels, planes);
}

}  // namespace zoetrope::preprocess
#endif
