// SPDX-License-Identifier: Apache-2.0
// Whether a picture or an animation has come to its end.
#pragma once

#include <filesystem>

namespace zoetrope::render {

// By its ending, .png, .gif, .webp or .mp4: InputError where the file cannot be read, is empty or cut, or is
// of another kind; of a .png also where the checksum of a part does not hold. Others carry none, and a byte
// that is another there is not noticed.
void require_whole_file(const std::filesystem::path& path);

}  // namespace zoetrope::render
