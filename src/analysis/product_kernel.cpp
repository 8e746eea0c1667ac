// SPDX-License-Identifier: Apache-2.0
#include "product_kernel.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "product_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::analysis::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::CappedTag<double, 8> kDoubles;
constexpr std::int64_t kRowsAtOnce = 128;  // of two panels: a quarter of a small second cache
// Sums stay in registers, of which there are 32 with AVX-512 and 16 without.
constexpr std::int64_t kVectors = 2;
constexpr std::int64_t kColumnsOfB = HWY_MAX_BYTES >= 64 ? 12 : 6;
static_assert(kPanelColumns % kColumnsOfB == 0 && kPanelColumns % (8 * kVectors) == 0);

void add_tile(const double* a, const double* b, std::int64_t rows, double* sum) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(kDoubles));
  hn::Vec<decltype(kDoubles)> sums[kColumnsOfB][kVectors];
  for (std::int64_t j = 0; j < kColumnsOfB; ++j)
    for (std::int64_t v = 0; v < kVectors; ++v)
      sums[j][v] = hn::LoadU(kDoubles, sum + j * kPanelColumns + v * lanes);
  for (std::int64_t r = 0; r < rows; ++r, a += kPanelColumns, b += kPanelColumns) {
    const auto first = hn::LoadU(kDoubles, a), second = hn::LoadU(kDoubles, a + lanes);
    for (std::int64_t j = 0; j < kColumnsOfB; ++j) {
      const auto factor = hn::Set(kDoubles, b[j]);
      sums[j][0] = hn::MulAdd(first, factor, sums[j][0]);
      sums[j][1] = hn::MulAdd(second, factor, sums[j][1]);
    }
  }
  for (std::int64_t j = 0; j < kColumnsOfB; ++j)
    for (std::int64_t v = 0; v < kVectors; ++v)
      hn::StoreU(sums[j][v], kDoubles, sum + j * kPanelColumns + v * lanes);
}

void add_panel_products(const double* a, const double* b, std::int64_t rows, double* sum) {
  const auto width = kVectors * static_cast<std::int64_t>(hn::Lanes(kDoubles));
  for (std::int64_t r = 0; r < rows; r += kRowsAtOnce)
    for (std::int64_t i = 0; i < kPanelColumns; i += width)
      for (std::int64_t j = 0; j < kPanelColumns; j += kColumnsOfB)
        add_tile(a + r * kPanelColumns + i, b + r * kPanelColumns + j, std::min(kRowsAtOnce, rows - r),
                 sum + j * kPanelColumns + i);
}

}  // namespace
}  // namespace zoetrope::analysis::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::analysis {

HWY_EXPORT(add_panel_products);

void add_panel_products(const double* a, const double* b, std::int64_t rows, double* sum) {
  HWY_DYNAMIC_DISPATCH(add_panel_products)(a, b, rows, sum);
}

}  // namespace zoetrope::analysis
#endif
