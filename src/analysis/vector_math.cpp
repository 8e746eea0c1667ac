// SPDX-License-Identifier: Apache-2.0
#include "vector_math.hpp"

#include <algorithm>
#include <bit>

#include <hwy/cache_control.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "vector_math.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::analysis::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Independent partial sums: enough for two AVX-512 registers of doubles, so that additions overlap.
constexpr std::int64_t kLanes = 16;

double sum_of(const double (&lanes)[kLanes]) {
  double total = 0;
  for (const double lane : lanes) total += lane;
  return total;
}

double dot(const float* x, const float* y, std::int64_t size) {
  double lanes[kLanes] = {};
  const std::int64_t whole = size - size % kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    for (std::int64_t l = 0; l < kLanes; ++l) lanes[l] += double{x[i + l]} * double{y[i + l]};
  }
  for (std::int64_t i = whole; i < size; ++i) lanes[i - whole] += double{x[i]} * double{y[i]};
  return sum_of(lanes);
}

const hn::CappedTag<double, 8> kDoubles;
const hn::Rebind<float, decltype(kDoubles)> kFloats;
constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(decltype(kDoubles)()));
constexpr std::int64_t kVectors = kLanes / kWidth;
// As many as have their sums in registers.
constexpr std::int64_t kPairsAtOnce = HWY_MAX_BYTES >= 64 ? 4 : HWY_MAX_BYTES >= 32 ? 2 : 1;

// A product of two floats is exact in float64: fused or not, the sums are those of dot().
void dots_at_once(const float* const* x, const float* const* y, const float* const* next, std::int64_t size,
                  double* products) {
  hn::Vec<decltype(kDoubles)> sums[kPairsAtOnce][kVectors];
  for (std::int64_t p = 0; p < kPairsAtOnce; ++p)
    for (std::int64_t v = 0; v < kVectors; ++v) sums[p][v] = hn::Zero(kDoubles);
  const std::int64_t whole = size - size % kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    for (std::int64_t p = 0; p < kPairsAtOnce; ++p) {
      hwy::Prefetch(next[p] + i);
      for (std::int64_t v = 0; v < kVectors; ++v) {
        const std::int64_t at = i + v * kWidth;
        sums[p][v] = hn::MulAdd(hn::PromoteTo(kDoubles, hn::LoadU(kFloats, x[p] + at)),
                                hn::PromoteTo(kDoubles, hn::LoadU(kFloats, y[p] + at)), sums[p][v]);
      }
    }
  }
  for (std::int64_t p = 0; p < kPairsAtOnce; ++p) {
    double lanes[kLanes];
    for (std::int64_t v = 0; v < kVectors; ++v) hn::StoreU(sums[p][v], kDoubles, lanes + v * kWidth);
    for (std::int64_t i = whole; i < size; ++i) lanes[i - whole] += double{x[p][i]} * double{y[p][i]};
    products[p] = sum_of(lanes);
  }
}

void dots(const float* const* x, const float* const* y, std::int64_t count, std::int64_t size,
          double* products) {
  std::int64_t n = 0;
  for (; n + kPairsAtOnce <= count; n += kPairsAtOnce) {
    const bool is_last = n + 2 * kPairsAtOnce > count;
    dots_at_once(x + n, y + n, is_last ? y + n : y + n + kPairsAtOnce, size, products + n);
  }
  for (; n < count; ++n) products[n] = dot(x[n], y[n], size);
}

double squared_distance(const float* x, const float* y, std::int64_t size) {
  double lanes[kLanes] = {};
  const std::int64_t whole = size - size % kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    for (std::int64_t l = 0; l < kLanes; ++l) {
      const double difference = double{x[i + l]} - double{y[i + l]};
      lanes[l] += difference * difference;
    }
  }
  for (std::int64_t i = whole; i < size; ++i) {
    const double difference = double{x[i]} - double{y[i]};
    lanes[i - whole] += difference * difference;
  }
  return sum_of(lanes);
}

void accumulate(const float* x, double scale, std::int64_t size, double* sum) {
  for (std::int64_t i = 0; i < size; ++i) sum[i] += scale * double{x[i]};
}

CentredRow centre(const float* x, double scale, const double* mean, double unit, std::int64_t size,
                  float* centred) {
  double squares[kLanes] = {};
  double products[kLanes] = {};
  for (std::int64_t first = 0; first < size; first += kLanes) {
    const std::int64_t width = std::min(kLanes, size - first);
    for (std::int64_t l = 0; l < width; ++l) {
      const double a = scale * double{x[first + l]} - mean[first + l];
      centred[first + l] = static_cast<float>(unit * a);
      squares[l] += a * a;
      products[l] += mean[first + l] * a;
    }
  }
  return {sum_of(squares), sum_of(products)};
}

void widen(const float* x, const double* shift, std::int64_t size, double* wide) {
  for (std::int64_t i = 0; i < size; ++i) wide[i] = double{x[i]} - shift[i];
}

Projected project(const float* x, const double* mean, const double* first, const double* second,
                  std::int64_t size) {
  double onto_first[kLanes] = {};
  double onto_second[kLanes] = {};
  for (std::int64_t begin = 0; begin < size; begin += kLanes) {
    const std::int64_t width = std::min(kLanes, size - begin);
    for (std::int64_t l = 0; l < width; ++l) {
      const double centred = double{x[begin + l]} - mean[begin + l];
      onto_first[l] += centred * first[begin + l];
      onto_second[l] += centred * second[begin + l];
    }
  }
  return {sum_of(onto_first), sum_of(onto_second)};
}

// Multilinear hashing (Thorup, "High speed hashing for integers and strings", 2015): the sum of each word
// times an odd number of its own.
std::uint64_t hash_row(const float* x, std::int64_t size) {
  std::uint64_t hash = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    const std::uint64_t word = std::bit_cast<std::uint32_t>(x[i] + 0.0F);  // -0.0 becomes 0.0
    const std::uint64_t factor = (static_cast<std::uint64_t>(i) + 1) * 0x9E3779B97F4A7C15U;
    hash += word * ((factor ^ (factor >> 31)) | 1U);
  }
  return hash * 0xBF58476D1CE4E5B9U;
}

}  // namespace
}  // namespace zoetrope::analysis::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::analysis {

HWY_EXPORT(dot);
HWY_EXPORT(dots);
HWY_EXPORT(squared_distance);
HWY_EXPORT(accumulate);
HWY_EXPORT(centre);
HWY_EXPORT(widen);
HWY_EXPORT(project);
HWY_EXPORT(hash_row);

double dot(const float* x, const float* y, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(dot)(x, y, size);
}

void dots(const float* const* x, const float* const* y, std::int64_t count, std::int64_t size,
          double* products) {
  HWY_DYNAMIC_DISPATCH(dots)(x, y, count, size, products);
}

double squared_distance(const float* x, const float* y, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(squared_distance)(x, y, size);
}

void accumulate(const float* x, double scale, std::int64_t size, double* sum) {
  HWY_DYNAMIC_DISPATCH(accumulate)(x, scale, size, sum);
}

CentredRow centre(const float* x, double scale, const double* mean, double unit, std::int64_t size,
                  float* centred) {
  return HWY_DYNAMIC_DISPATCH(centre)(x, scale, mean, unit, size, centred);
}

void widen(const float* x, const double* shift, std::int64_t size, double* wide) {
  HWY_DYNAMIC_DISPATCH(widen)(x, shift, size, wide);
}

Projected project(const float* x, const double* mean, const double* first, const double* second,
                  std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(project)(x, mean, first, second, size);
}

std::uint64_t hash_row(const float* x, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(hash_row)(x, size);
}

}  // namespace zoetrope::analysis
#endif
