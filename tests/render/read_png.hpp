// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "zoetrope/render/frame.hpp"

namespace zoetrope::render {

// A PNG file as libpng reads it; std::runtime_error where it does not.
Picture read_png(const std::filesystem::path& path);

}  // namespace zoetrope::render
