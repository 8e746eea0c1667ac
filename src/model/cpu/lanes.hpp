// SPDX-License-Identifier: Apache-2.0
// Highway's vectors of float as the kernels of this room take them: eight at a time, or as many fewer as the
// processor has. For sources that include hwy/foreach_target.h; it is read once for each kind of processor,
// so its guard is Highway's in place of #pragma once.
#if defined(ZOETROPE_MODEL_LANES) == defined(HWY_TARGET_TOGGLE)
#ifdef ZOETROPE_MODEL_LANES
#undef ZOETROPE_MODEL_LANES
#else
#define ZOETROPE_MODEL_LANES
#endif

#include <cstdint>

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::model::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 8>;
using Lanes = hn::Vec<Tag>;
constexpr Tag kTag;
constexpr std::int64_t kLanes = hn::MaxLanes(kTag);  // divides kColumnStep

HWY_INLINE Lanes load(const float* from) {
  return hn::LoadU(kTag, from);
}

HWY_INLINE void store(float* to, Lanes lanes) {
  hn::StoreU(lanes, kTag, to);
}

HWY_INLINE Lanes zero() {
  return hn::Zero(kTag);
}

HWY_INLINE Lanes all(float x) {
  return hn::Set(kTag, x);
}

HWY_INLINE float sum_of(Lanes x) {
  return hn::GetLane(hn::SumOfLanes(kTag, x));
}

HWY_INLINE float max_of(Lanes x) {
  return hn::GetLane(hn::MaxOfLanes(kTag, x));
}

// highest x^n + ... + c1 x + c0, of the coefficients from the highest to the lowest.
template <typename... Rest>
HWY_INLINE Lanes polynomial(Lanes x, float highest, Rest... rest) {
  Lanes sum = all(highest);
  ((sum = hn::MulAdd(sum, x, all(rest))), ...);
  return sum;
}

// Highway's, to 1 unit in the last place, except that NaN stays.
HWY_INLINE Lanes exp_of(Lanes x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(kTag, x));
}

}  // namespace zoetrope::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // ZOETROPE_MODEL_LANES
