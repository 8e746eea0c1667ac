// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are taken for images, and which of these are of kinds that cannot be decoded.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace zoetrope::data {

// What `datasets` leaves out: names with a dot before them, such as the ._1.jpg that macOS puts beside 1.jpg,
// and folders like __MACOSX.
bool is_left_out(const std::filesystem::directory_entry& entry);

// In small letters: ".jpg" of "1.JPG".
std::string ending_of(const std::filesystem::path& file);

// Whether the name ends as an image's does, decoded here or not. Other files lie in a folder for other
// reasons.
bool announces_image(const std::filesystem::path& file);

// Whether a file that announces an image cannot be decoded: by its ending, unless its first bytes know
// better, which are not asked of a camera's raw files.
bool is_of_unread_kind(const std::filesystem::path& file, const std::function<std::string()>& first_bytes);

}  // namespace zoetrope::data
