// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace zoetrope::render {

constexpr int kBlendChunk = 16;  // bytes

// out = out + (ink - out) * mask / 255, rounded, for `chunks` times kBlendChunk bytes. `ink` is one chunk.
void blend_row(std::uint8_t* out, const std::uint8_t* mask, const std::uint8_t* ink, int chunks);

}  // namespace zoetrope::render
