// SPDX-License-Identifier: Apache-2.0
#include "blend_row.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "blend_row.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::render::HWY_NAMESPACE {
namespace {

void blend_row(std::uint8_t* __restrict out, const std::uint8_t* __restrict mask,
               const std::uint8_t* __restrict ink, int chunks) {
  for (int c = 0; c < chunks; ++c) {
    for (int i = 0; i < kBlendChunk; ++i) {
      const auto sum = static_cast<std::uint16_t>(out[i] * (255 - mask[i]) + ink[i] * mask[i] + 128);
      out[i] = static_cast<std::uint8_t>((sum + (sum >> 8)) >> 8);
    }
    out += kBlendChunk;
    mask += kBlendChunk;
  }
}

}  // namespace
}  // namespace zoetrope::render::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::render {

HWY_EXPORT(blend_row);

void blend_row(std::uint8_t* out, const std::uint8_t* mask, const std::uint8_t* ink, int chunks) {
  HWY_DYNAMIC_DISPATCH(blend_row)(out, mask, ink, chunks);
}

}  // namespace zoetrope::render
#endif
