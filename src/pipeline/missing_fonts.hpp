// SPDX-License-Identifier: Apache-2.0
// Names that the pictures cannot show as they are.
#pragma once

#include <vector>

#include "zoetrope/render/frame.hpp"

namespace zoetrope::pipeline {

// Warns, in one line, of characters of the titles and names in these pictures that no font here has.
void warn_of_missing_fonts(const render::Scene& scene, const std::vector<render::Frame>& frames);

}  // namespace zoetrope::pipeline
