// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/render/frame.hpp"

namespace zoetrope::pipeline {

inline constexpr const char* kNotFinished =
    "the pictures are not finished; run the same command again to draw them";

// Writes the animation in every format that is asked for, each encoded by one rank; the first comes with the
// poster, and a GIF keeps the classes' colours. Those of other formats, which an earlier job has left, are
// removed then. Collective; throws Interrupted on every rank after a signal on any.
void encode_animations(Session& session, render::RendererPool& renderers,
                       const std::vector<render::Frame>& frames,
                       const std::vector<std::uint32_t>& class_colours);

}  // namespace zoetrope::pipeline
