// SPDX-License-Identifier: Apache-2.0
// The colours of the classes, the same in the animation and on the review page of its theme.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace zoetrope::render {

// 20 colours for each theme, as 0xRRGGBB. Any two of the first 10 differ by at least 15 in CIEDE2000, of all
// 20 by 8, to normal sight and to full protanopia, deuteranopia and tritanopia (Machado et al. 2009; Okabe
// and Ito's 7 reach 11). Each has a contrast (WCAG 2) of at least 2.5:1 to every ground of its theme. With
// more classes the colours repeat, and a mark's shape tells them apart.
inline constexpr std::size_t kNumClassColours = 20;
using ClassColours = std::array<std::uint32_t, kNumClassColours>;
inline constexpr ClassColours kClassColoursOnLight = {
    0x1154c6, 0xe88219, 0x89a47e, 0xce1d45, 0xb16bfa, 0x3a2010, 0x935a7d, 0x1aacb1, 0x4e5000, 0x14204f,
    0x4188c2, 0x584027, 0x447648, 0xc1677f, 0x561b9a, 0xa18753, 0x6e809a, 0x145656, 0x716800, 0xf52a9e};
inline constexpr ClassColours kClassColoursOnDark = {
    0x3371e0, 0xffb33d, 0xf0f4b7, 0xff5c79, 0xcf97ff, 0x815536, 0xa87598, 0x4bcfb5, 0x778900, 0xd1e1ff,
    0x6e97ca, 0xb99c48, 0xa7cb7f, 0xe1879d, 0x905dad, 0xf2ffe8, 0x8eb3c8, 0x317560, 0xf7ed18, 0x9f7dff};

}  // namespace zoetrope::render
