// SPDX-License-Identifier: Apache-2.0
// The colours of the classes, the same in the animation and on the review page.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace zoetrope::render {

// 20 colours, as 0xRRGGBB. Any two of the first 10 differ by at least 0.09 in OKLab, of all 20 by 0.05, to
// normal sight and to full protanopia, deuteranopia and tritanopia (Machado et al. 2009); Okabe and Ito's 7
// reach 0.076. With more classes the colours repeat, and a mark's shape tells them apart.
inline constexpr std::size_t kNumClassColours = 20;
inline constexpr std::array<std::uint32_t, kNumClassColours> kClassColours = {
    0x3666d5, 0xfba02d, 0x3fb690, 0xb8284d, 0xcda5e6, 0xc56b23, 0x55329a, 0xa6daaf, 0x8d619a, 0x907bf8,
    0x8f2770, 0xe2ca6a, 0xd58b4b, 0x659e9f, 0xae8ed0, 0x4eddd8, 0x753351, 0x3b7472, 0x23d091, 0x8b7ea5};

}  // namespace zoetrope::render
