// SPDX-License-Identifier: Apache-2.0
#include "image_endings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <string_view>

#include "zoetrope/support/files.hpp"

#include "decode.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 7> kRead{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp"};

// The others of `datasets`' imagefolder, which are those of Pillow, and what phones and cameras write.
constexpr std::array<std::string_view, 73> kOthers{
    ".apng", ".blp",  ".bufr",  ".bw",   ".cur",  ".dcx", ".dds",  ".dib",  ".emf",  ".eps",  ".fit",
    ".fits", ".flc",  ".fli",   ".ftc",  ".ftu",  ".gbr", ".gif",  ".grib", ".icb",  ".icns", ".ico",
    ".iim",  ".im",   ".j2c",   ".j2k",  ".jp2",  ".jpc", ".jpf",  ".jpx",  ".mpeg", ".mpg",  ".msp",
    ".pbm",  ".pcd",  ".pcx",   ".pfm",  ".pgm",  ".pnm", ".ppm",  ".ps",   ".psd",  ".pxr",  ".qoi",
    ".ras",  ".rgb",  ".rgba",  ".sgi",  ".tga",  ".tif", ".tiff", ".vda",  ".vst",  ".wmf",  ".xbm",
    ".xpm",  ".avif", ".avifs", ".heic", ".heif", ".hif", ".jxl",  ".arw",  ".cr2",  ".cr3",  ".dng",
    ".nef",  ".nrw",  ".orf",   ".pef",  ".raf",  ".rw2", ".srw"};

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
  return holds(kRead, ending) || holds(kOthers, ending);
}

bool is_of_unread_kind(const fs::path& file) {
  if (holds(kRead, ending_of(file))) return false;
  std::array<char, 16> start{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(start.data(), start.size());
  if (can_decode(
          {reinterpret_cast<const std::uint8_t*>(start.data()), static_cast<std::size_t>(stream.gcount())}))
    return false;
  if (stream.gcount() > 0) support::refuse_lfs_pointer(file);
  return true;
}

}  // namespace zoetrope::data
