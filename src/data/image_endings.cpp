// SPDX-License-Identifier: Apache-2.0
#include "image_endings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string_view>

#include "zoetrope/image/decode.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 31> kRead{
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png",  ".apng",  ".webp", ".bmp",  ".gif", ".tif", ".tiff",
    ".pbm", ".pgm",  ".ppm", ".pnm",  ".tga",  ".icb",   ".vda",  ".vst",  ".ico", ".jp2", ".j2k",
    ".j2c", ".jpc",  ".jpf", ".jpx",  ".avif", ".avifs", ".heic", ".heif", ".hif"};

// The others of `datasets`' imagefolder, which are those of Pillow, and JPEG XL.
constexpr std::array<std::string_view, 38> kOthers{
    ".blp",  ".bufr", ".bw",   ".cur", ".dcx", ".dds", ".dib",  ".emf",  ".eps", ".fit",
    ".fits", ".flc",  ".fli",  ".ftc", ".ftu", ".gbr", ".grib", ".icns", ".iim", ".im",
    ".mpeg", ".mpg",  ".msp",  ".pcd", ".pcx", ".pfm", ".ps",   ".psd",  ".pxr", ".qoi",
    ".ras",  ".rgb",  ".rgba", ".sgi", ".wmf", ".xbm", ".xpm",  ".jxl"};

// Of cameras. Most begin as a TIFF file does, whose first image is a thumbnail.
constexpr std::array<std::string_view, 11> kRaw{".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw",
                                                ".orf", ".pef", ".raf", ".rw2", ".srw"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& endings, std::string_view ending) {
  return std::ranges::find(endings, ending) != endings.end();
}

}  // namespace

bool is_left_out(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  return name.starts_with('.') || (name.starts_with("__") && entry.is_directory());
}

std::string ending_of(const fs::path& file) {
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending;
}

bool announces_image(const fs::path& file) {
  const std::string ending = ending_of(file);
  return holds(kRead, ending) || holds(kOthers, ending) || holds(kRaw, ending);
}

bool is_of_unread_kind(const fs::path& file, const std::function<std::string()>& first_bytes) {
  const std::string ending = ending_of(file);
  if (holds(kRead, ending) || holds(kRaw, ending)) return holds(kRaw, ending);
  const std::string start = first_bytes();
  return !image::can_decode({reinterpret_cast<const std::uint8_t*>(start.data()), start.size()});
}

}  // namespace zoetrope::data
