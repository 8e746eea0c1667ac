// SPDX-License-Identifier: Apache-2.0
#include "byte_kernels.hpp"

#include <span>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace zoetrope::data {
namespace {

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

// Calls work(RowGroup) for all of them.
template <typename Work>
void for_each_group(const std::uint8_t* rows, std::size_t row_bytes, const AxisWeights& axis,
                    std::uint8_t* out, const Work& work) {
  const auto taps = static_cast<std::size_t>(axis.taps);
  const std::size_t end = axis.first.size();
  for (std::size_t o = 0; o < end;) {
    std::size_t next = o + 1;
    while (next < end && axis.first[next] == axis.first[o] && axis.count[next] == axis.count[o]) ++next;
    work(RowGroup{rows + static_cast<std::size_t>(axis.first[o]) * row_bytes, row_bytes,
                  axis.weights.data() + o * taps, taps, static_cast<std::size_t>(axis.count[o]), next - o,
                  out + o * row_bytes});
    o = next;
  }
}

// Not std::clamp: returning a reference, it keeps the loop below from being vectorised.
std::uint8_t to_byte(std::int32_t sum) {
  std::int32_t value = sum >> kPrecisionBits;
  value = value < 0 ? 0 : value;
  return static_cast<std::uint8_t>(value > 255 ? 255 : value);
}

// out[j] = sum over t of weights[t] * source[t * stride + j], for kColumns columns whose sums stay in
// registers.
template <std::size_t kColumns>
[[gnu::always_inline]] inline void weigh_columns(const std::uint8_t* source, std::size_t stride,
                                                 std::span<const std::int32_t> weights, std::uint8_t* out) {
  std::int32_t sums[kColumns];
  for (std::size_t i = 0; i < kColumns; ++i) sums[i] = kHalf;
  for (const std::int32_t weight : weights) {
    for (std::size_t i = 0; i < kColumns; ++i) sums[i] += source[i] * weight;
    source += stride;
  }
  for (std::size_t i = 0; i < kColumns; ++i) out[i] = to_byte(sums[i]);
}

void weigh_group(const RowGroup& group) {
  for (std::size_t y = 0; y < group.rows; ++y) {
    const std::span<const std::int32_t> weights(group.weights + y * group.taps, group.count);
    std::uint8_t* out = group.out + y * group.row_bytes;
    std::size_t j = 0;
    for (; j + 16 <= group.row_bytes; j += 16)
      weigh_columns<16>(group.source + j, group.row_bytes, weights, out + j);
    for (; j < group.row_bytes; ++j) weigh_columns<1>(group.source + j, group.row_bytes, weights, out + j);
  }
}

#ifdef __x86_64__

constexpr std::size_t kBlock = 32;  // columns at a time: four registers of 32-bit sums

struct Block {
  __m256i part[4];
};

ZT_AVX2 inline Block load(const std::uint8_t* bytes) {
  Block block;
  for (int k = 0; k < 4; ++k)
    block.part[k] = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + 8 * k)));
  return block;
}

ZT_AVX2 inline void add_weighed(const Block& pixels, std::int32_t weight, Block& sums) {
  const __m256i factor = _mm256_set1_epi32(weight);
  for (int k = 0; k < 4; ++k)
    sums.part[k] = _mm256_add_epi32(sums.part[k], _mm256_mullo_epi32(pixels.part[k], factor));
}

// Packing saturates, and it goes by halves of a register, whence the last permutation.
ZT_AVX2 inline void store(const Block& sums, std::uint8_t* out) {
  __m256i value[4];
  for (int k = 0; k < 4; ++k) value[k] = _mm256_srai_epi32(sums.part[k], kPrecisionBits);
  const __m256i bytes =
      _mm256_packus_epi16(_mm256_packs_epi32(value[0], value[1]), _mm256_packs_epi32(value[2], value[3]));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_permutevar8x32_epi32(bytes, order));
}

ZT_AVX2 inline Block halves() {
  const __m256i half = _mm256_set1_epi32(kHalf);
  return {{half, half, half, half}};
}

// A block of columns of a whole group: each pixel is loaded and widened once.
template <std::size_t kCount>
ZT_AVX2 inline void weigh_few(const RowGroup& group, std::size_t column) {
  Block pixels[kCount];
  for (std::size_t t = 0; t < kCount; ++t) pixels[t] = load(group.source + t * group.row_bytes + column);
  const std::int32_t* weights = group.weights;
  std::uint8_t* out = group.out + column;
  for (std::size_t y = 0; y < group.rows; ++y, weights += group.taps, out += group.row_bytes) {
    Block sums = halves();
    for (std::size_t t = 0; t < kCount; ++t) add_weighed(pixels[t], weights[t], sums);
    store(sums, out);
  }
}

ZT_AVX2 inline void weigh_many(const RowGroup& group, std::size_t column) {
  for (std::size_t y = 0; y < group.rows; ++y) {
    Block sums = halves();
    const std::uint8_t* source = group.source + column;
    for (std::size_t t = 0; t < group.count; ++t, source += group.row_bytes)
      add_weighed(load(source), group.weights[y * group.taps + t], sums);
    store(sums, group.out + y * group.row_bytes + column);
  }
}

ZT_AVX2 void weigh_block(const RowGroup& group, std::size_t column) {
  switch (group.count) {
    case 1:
      return weigh_few<1>(group, column);
    case 2:
      return weigh_few<2>(group, column);
    case 3:
      return weigh_few<3>(group, column);
    case 4:
      return weigh_few<4>(group, column);
    default:
      return weigh_many(group, column);
  }
}

// Takes rows of at least a block. The last block begins early enough to end with the row.
void weigh_group_avx2(const RowGroup& group) {
  std::size_t column = 0;
  for (; column + kBlock <= group.row_bytes; column += kBlock) weigh_block(group, column);
  if (column < group.row_bytes) weigh_block(group, group.row_bytes - kBlock);
}

constexpr std::size_t kSquare = 16;

// With SSE2, which every x86-64 has. Four rounds, each of which interleaves row i with row i + 8.
void transpose_square(const std::uint8_t* in, std::size_t in_stride, std::uint8_t* out,
                      std::size_t out_stride) {
  __m128i rows[kSquare], mixed[kSquare];
  for (std::size_t i = 0; i < kSquare; ++i)
    rows[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i * in_stride));
  const auto interleave = [](const __m128i* from, __m128i* to) {
    for (std::size_t i = 0; i < kSquare / 2; ++i) {
      to[2 * i] = _mm_unpacklo_epi8(from[i], from[i + kSquare / 2]);
      to[2 * i + 1] = _mm_unpackhi_epi8(from[i], from[i + kSquare / 2]);
    }
  };
  interleave(rows, mixed);
  interleave(mixed, rows);
  interleave(rows, mixed);
  interleave(mixed, rows);
  for (std::size_t i = 0; i < kSquare; ++i)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i * out_stride), rows[i]);
}

#endif

void transpose_bytes(const std::uint8_t* in, std::size_t rows, std::size_t columns, std::size_t in_stride,
                     std::uint8_t* out, std::size_t out_stride) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

// One loop over all three, which the compiler makes shuffles of.
ZT_AVX2 void split_three(const std::uint8_t* __restrict pixels, std::size_t plane,
                         std::uint8_t* __restrict first, std::uint8_t* __restrict second,
                         std::uint8_t* __restrict third) {
  for (std::size_t i = 0; i < plane; ++i) {
    first[i] = pixels[3 * i];
    second[i] = pixels[3 * i + 1];
    third[i] = pixels[3 * i + 2];
  }
}

}  // namespace

void weigh_rows(const std::uint8_t* rows, std::size_t row_bytes, const AxisWeights& axis, std::uint8_t* out,
                [[maybe_unused]] Instructions use) {
#ifdef __x86_64__
  if (use == Instructions::kAvx2 && row_bytes >= kBlock)
    return for_each_group(rows, row_bytes, axis, out, weigh_group_avx2);
#endif
  for_each_group(rows, row_bytes, axis, out, weigh_group);
}

void transpose(const std::uint8_t* in, std::size_t rows, std::size_t columns, std::size_t in_stride,
               std::uint8_t* out, std::size_t out_stride) {
  if (rows == 0 || columns == 0) return;
  std::size_t whole_rows = 0, whole_columns = 0;
#ifdef __x86_64__
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

void split_channels(const std::uint8_t* pixels, std::size_t plane, std::size_t channels, std::uint8_t* planes,
                    Instructions use) {
  if (channels == 3 && use == Instructions::kAvx2)
    return split_three(pixels, plane, planes, planes + plane, planes + 2 * plane);
  transpose_bytes(pixels, plane, channels, channels, planes, plane);
}

}  // namespace zoetrope::data
