// SPDX-License-Identifier: Apache-2.0
// The passes over rows between a layer's matrix products, each reading and writing every row once. Compiled
// by NVRTC for the device that is found (compiler.hpp), and by tests as C++
// (tests/model/emulated_device.hpp). ZOETROPE_HIDDEN, a multiple of 4, is the rows' width where a warp takes
// a whole row. row_kernels.cpp launches them and says what each computes.

#ifndef ZOETROPE_KERNEL
#define ZOETROPE_KERNEL extern "C" __global__
#endif

typedef unsigned short bf16;  // the upper half of a float

constexpr int kHidden = ZOETROPE_HIDDEN;
constexpr int kLanes = 32;  // of a warp
constexpr int kWarps = 4;   // of a block that takes rows
constexpr int kVector = 4;  // neighbouring elements that a lane takes at once
constexpr int kVectors = (kHidden + kLanes * kVector - 1) / (kLanes * kVector);  // of a row that a lane takes
constexpr int kWide = 8;    // the same where rows are taken by columns
constexpr int kSlices = 8;  // warps of a block there
constexpr float kInvHidden = 1.0f / kHidden;

struct alignas(16) Floats {
  float of[kVector];
};
struct alignas(8) Halves {
  bf16 of[kVector];
};
struct alignas(16) WideHalves {
  bf16 of[kWide];
};

__device__ inline float widen(bf16 x) {
  return __uint_as_float(static_cast<unsigned>(x) << 16);
}

// To nearest, ties to even.
__device__ inline bf16 round_to_bf16(float x) {
#ifdef __CUDA_ARCH__
  bf16 result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result) : "f"(x));
  return result;
#else
  const unsigned bits = __float_as_uint(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;  // NaN
  return static_cast<bf16>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
#endif
}

__device__ inline float warp_sum(float x) {
  for (int distance = kLanes / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(0xffffffffu, x, distance);
  return x;
}

// The first column of a lane's vector v, and whether there is one.
__device__ inline int column_of(int v, int lane) {
  return (v * kLanes + lane) * kVector;
}

__device__ inline bool is_inside(int column) {
  return kHidden % (kLanes * kVector) == 0 || column < kHidden;
}

template <typename Vector, typename Element>
__device__ inline Vector load(const Element* from) {
  return *reinterpret_cast<const Vector*>(from);
}

template <typename Vector, typename Element>
__device__ inline void store(Element* to, const Vector& vector) {
  *reinterpret_cast<Vector*>(to) = vector;
}

// What a lane holds of a row.
struct Row {
  float of[kVectors][kVector];
};

__device__ inline float sum_of(const Row& row) {
  float sum = 0;
#pragma unroll
  for (int v = 0; v < kVectors; ++v)
#pragma unroll
    for (int i = 0; i < kVector; ++i) sum += row.of[v][i];
  return warp_sum(sum);
}

// row = residual + branch + bias, where the last two may be null.
__device__ inline void load_sum(const float* residual, const bf16* branch, const float* bias, int lane,
                                Row& row) {
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
    const int column = column_of(v, lane);
#pragma unroll
    for (int i = 0; i < kVector; ++i) row.of[v][i] = 0;
    if (!is_inside(column)) continue;
    const Floats x = load<Floats>(residual + column);
#pragma unroll
    for (int i = 0; i < kVector; ++i) row.of[v][i] = x.of[i];
    if (branch == nullptr) continue;
    const Halves y = load<Halves>(branch + column);
    const Floats b = bias == nullptr ? Floats{} : load<Floats>(bias + column);
#pragma unroll
    for (int i = 0; i < kVector; ++i) row.of[v][i] += widen(y.of[i]) + b.of[i];
  }
}

__device__ inline float variance_of(const Row& row, float mean, int lane) {
  float sum = 0;
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
    if (!is_inside(column_of(v, lane))) continue;
#pragma unroll
    for (int i = 0; i < kVector; ++i) sum += (row.of[v][i] - mean) * (row.of[v][i] - mean);
  }
  return warp_sum(sum) * kInvHidden;
}

ZOETROPE_KERNEL void add_norm(const float* residual, const bf16* branch, const float* bias,
                              const float* weight, const float* shift, int rows, float eps, float* sum,
                              bf16* normed, float* moments) {
  const int lane = threadIdx.x % kLanes, number = blockIdx.x * kWarps + threadIdx.x / kLanes;
  if (number >= rows) return;  // a whole warp
  const long long first = static_cast<long long>(number) * kHidden;
  Row row;
  load_sum(residual + first, branch == nullptr ? nullptr : branch + first, bias, lane, row);
  const float mean = sum_of(row) * kInvHidden;
  const float inv_deviation = 1.0f / sqrtf(variance_of(row, mean, lane) + eps);
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
    const int column = column_of(v, lane);
    if (!is_inside(column)) continue;
    const Floats w = load<Floats>(weight + column), b = load<Floats>(shift + column);
    Floats x;
    Halves y;
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      x.of[i] = row.of[v][i];
      y.of[i] = round_to_bf16((x.of[i] - mean) * inv_deviation * w.of[i] + b.of[i]);
    }
    if (branch != nullptr) store(sum + first + column, x);
    store(normed + first + column, y);
  }
  if (lane != 0) return;
  moments[2 * number] = mean;
  moments[2 * number + 1] = inv_deviation;
}

// The columns' sums over the rows that a warp took.
struct ColumnSums {
  Row of_weight, of_shift, of_branch;
};

// Adds a block's warps together: `sums` becomes its row of `partial`.
__device__ inline void store_sums(const Row& sums, float (&shared)[kWarps][kHidden], int lane, int warp,
                                  float* partial) {
  __syncthreads();
#pragma unroll
  for (int v = 0; v < kVectors; ++v)
#pragma unroll
    for (int i = 0; i < kVector; ++i)
      if (is_inside(column_of(v, lane))) shared[warp][column_of(v, lane) + i] = sums.of[v][i];
  __syncthreads();
  for (int column = threadIdx.x; column < kHidden; column += kWarps * kLanes) {
    float sum = 0;
    for (int w = 0; w < kWarps; ++w) sum += shared[w][column];
    partial[column] = sum;
  }
}

// One row of the gradient: normed = (x - mean) d w + shift, so that with g = grad w and n = (x - mean) d the
// gradient of x is d (g - mean of g - n · mean of g n).
__device__ inline void norm_gradient_of_row(const bf16* grad_normed, const float* grad_sum, const float* sum,
                                            const float* weight, float mean, float inv_deviation, int lane,
                                            float* grad, bf16* grad_branch, ColumnSums& sums) {
  Row normed = {}, of_normed = {};  // n and g
  float of_mean = 0, of_deviation = 0;
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
    const int column = column_of(v, lane);
    if (!is_inside(column)) continue;
    const Floats x = load<Floats>(sum + column), w = load<Floats>(weight + column);
    const Halves y = load<Halves>(grad_normed + column);
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      const float n = (x.of[i] - mean) * inv_deviation, of_y = widen(y.of[i]), g = of_y * w.of[i];
      sums.of_weight.of[v][i] += of_y * n;
      sums.of_shift.of[v][i] += of_y;
      of_mean += g;
      of_deviation += g * n;
      normed.of[v][i] = n;
      of_normed.of[v][i] = g;
    }
  }
  of_mean = warp_sum(of_mean) * kInvHidden;
  of_deviation = warp_sum(of_deviation) * kInvHidden;
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
    const int column = column_of(v, lane);
    if (!is_inside(column)) continue;
    Floats of_x = grad_sum == nullptr ? Floats{} : load<Floats>(grad_sum + column);
    Halves rounded;
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      of_x.of[i] += inv_deviation * (of_normed.of[v][i] - of_mean - normed.of[v][i] * of_deviation);
      sums.of_branch.of[v][i] += of_x.of[i];
      rounded.of[i] = round_to_bf16(of_x.of[i]);
    }
    store(grad + column, of_x);
    if (grad_branch != nullptr) store(grad_branch + column, rounded);
  }
}

ZOETROPE_KERNEL void __launch_bounds__(kWarps* kLanes, kHidden <= 768 ? 3 : 2)
    add_norm_gradient(const bf16* grad_normed, const float* grad_sum, const float* sum, const float* moments,
                      const float* weight, int rows, float* grad, bf16* grad_branch, float* partial) {
  __shared__ float shared[kWarps][kHidden];
  const int lane = threadIdx.x % kLanes, warp = threadIdx.x / kLanes;
  ColumnSums sums = {};
  for (int number = blockIdx.x * kWarps + warp; number < rows; number += gridDim.x * kWarps) {
    const long long first = static_cast<long long>(number) * kHidden;
    norm_gradient_of_row(grad_normed + first, grad_sum == nullptr ? nullptr : grad_sum + first, sum + first,
                         weight, moments[2 * number], moments[2 * number + 1], lane, grad + first,
                         grad_branch == nullptr ? nullptr : grad_branch + first, sums);
  }
  float* const of_block = partial + static_cast<long long>(blockIdx.x) * 3 * kHidden;
  store_sums(sums.of_weight, shared, lane, warp, of_block);
  store_sums(sums.of_shift, shared, lane, warp, of_block + kHidden);
  store_sums(sums.of_branch, shared, lane, warp, of_block + 2 * kHidden);
}

// to[column] += the sum of partial[.][part][column], of part blockIdx.y. Blocks of 32 x 32 threads.
ZOETROPE_KERNEL void add_partial_sums(const float* partial, int rows, int columns, float* to0, float* to1,
                                      float* to2) {
  __shared__ float shared[kLanes][kLanes];
  float* const to = blockIdx.y == 0 ? to0 : blockIdx.y == 1 ? to1 : to2;
  const int column = blockIdx.x * kLanes + threadIdx.x, stride = gridDim.y * columns;
  float sum = 0;
  if (column < columns)
    for (int row = threadIdx.y; row < rows; row += kLanes)
      sum += partial[static_cast<long long>(row) * stride + blockIdx.y * columns + column];
  shared[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= columns || to == nullptr) return;
  for (int row = 1; row < kLanes; ++row) sum += shared[row][threadIdx.x];
  to[column] += sum;
}

constexpr float kSqrtHalf = 0.70710678f, kInvSqrtTwoPi = 0.39894228f;

__device__ inline float normal_distribution(float x) {
  return 0.5f * (1.0f + erff(x * kSqrtHalf));
}

struct WideFloats {
  float of[kWide];
};

__device__ inline WideFloats load_wide(const float* from) {
  const Floats low = load<Floats>(from), high = load<Floats>(from + kVector);
  WideFloats all;
#pragma unroll
  for (int i = 0; i < kWide; ++i) all.of[i] = i < kVector ? low.of[i % kVector] : high.of[i % kVector];
  return all;
}

// `columns` is a multiple of kWide, and `vectors` rows times columns over kWide.
ZOETROPE_KERNEL void bias_gelu(const bf16* x, const float* bias, long long vectors, int columns,
                               bf16* result) {
  const long long vector = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (vector >= vectors) return;
  const long long first = vector * kWide;
  const WideFloats b = load_wide(bias + first % columns);
  const WideHalves in = load<WideHalves>(x + first);
  WideHalves out;
#pragma unroll
  for (int i = 0; i < kWide; ++i) {
    const float sum = widen(in.of[i]) + b.of[i];
    out.of[i] = round_to_bf16(sum * normal_distribution(sum));
  }
  store(result + first, out);
}

// A warp takes 32 kWide neighbouring columns of every (kSlices gridDim.y)-th row.
ZOETROPE_KERNEL void __launch_bounds__(kSlices* kLanes, 4)
    bias_gelu_gradient(const bf16* grad, const bf16* x, const float* bias, int rows, int columns,
                       bf16* grad_x, float* partial) {
  __shared__ float shared[kSlices][kLanes * kWide];
  const int lane = threadIdx.x % kLanes, warp = threadIdx.x / kLanes;
  const int first_of_block = blockIdx.x * kLanes * kWide, column = first_of_block + lane * kWide;
  float sums[kWide] = {};
  const WideFloats b = column < columns ? load_wide(bias + column) : WideFloats{};
  for (int row = blockIdx.y * kSlices + warp; row < rows && column < columns; row += gridDim.y * kSlices) {
    const long long first = static_cast<long long>(row) * columns + column;
    const WideHalves of_result = load<WideHalves>(grad + first), in = load<WideHalves>(x + first);
    WideHalves out;
#pragma unroll
    for (int i = 0; i < kWide; ++i) {
      const float sum = widen(in.of[i]) + b.of[i];
      const float slope = normal_distribution(sum) + sum * kInvSqrtTwoPi * expf(-0.5f * sum * sum);
      const float of_x = widen(of_result.of[i]) * slope;
      sums[i] += of_x;
      out.of[i] = round_to_bf16(of_x);
    }
    store(grad_x + first, out);
  }
#pragma unroll
  for (int i = 0; i < kWide; ++i) shared[warp][lane * kWide + i] = sums[i];
  __syncthreads();
  const int mine = threadIdx.x;  // one of the block's columns: there are as many threads
  if (first_of_block + mine >= columns) return;
  float sum = 0;
  for (int w = 0; w < kSlices; ++w) sum += shared[w][mine];
  partial[static_cast<long long>(blockIdx.y) * columns + first_of_block + mine] = sum;
}
