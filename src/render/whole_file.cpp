// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/whole_file.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <isa-l/crc.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::render {

namespace {

// `count` bytes from `at` on, the first the highest; they are there.
std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return number;
}

// Length, name, content and checksum of each part, the last of them IEND.
bool is_whole_png(std::string_view file) {
  constexpr std::string_view kStart = "\x89PNG\r\n\x1a\n";
  if (!file.starts_with(kStart)) return false;
  std::size_t at = kStart.size();
  while (file.size() - at >= 12) {
    const std::uint64_t length = big_endian(file, at, 4);
    if (length > file.size() - at - 12) return false;
    const auto* named = reinterpret_cast<const unsigned char*>(file.data() + at + 4);
    if (crc32_gzip_refl(0, named, length + 4) != big_endian(file, at + 8 + length, 4)) return false;
    const bool is_end = file.substr(at + 4, 4) == "IEND";
    at += 12 + length;
    if (is_end) return at == file.size();
  }
  return false;
}

bool is_whole_gif(std::string_view file) {
  return file.size() > 14 && file.starts_with("GIF8") && file.ends_with(';');
}

bool is_whole_webp(std::string_view file) {
  if (file.size() < 12 || !file.starts_with("RIFF") || file.substr(8, 4) != "WEBP") return false;
  std::uint64_t size = 0;
  for (const std::size_t place : {7, 6, 5, 4}) size = size << 8 | static_cast<std::uint8_t>(file[place]);
  return size + 8 == file.size();
}

// Boxes one after the other, the list of what is in the file among them.
bool is_whole_mp4(std::string_view file) {
  bool has_list = false;
  std::size_t at = 0;
  while (file.size() - at >= 8) {
    std::uint64_t size = big_endian(file, at, 4);
    if (size == 1 && file.size() - at >= 16) size = big_endian(file, at + 8, 8);
    if (size < 8 || size > file.size() - at) return false;
    has_list = has_list || file.substr(at + 4, 4) == "moov";
    at += size;
  }
  return has_list && at == file.size();
}

}  // namespace

void require_whole_file(const std::filesystem::path& path) {
  const std::string file = support::read_file(path), ending = path.extension().string();
  if (file.empty()) throw InputError(path.string() + ": is empty");
  const bool is_whole = ending == ".png"    ? is_whole_png(file)
                        : ending == ".gif"  ? is_whole_gif(file)
                        : ending == ".webp" ? is_whole_webp(file)
                                            : is_whole_mp4(file);
  if (!is_whole)
    throw InputError(path.string() + ": is damaged or cut: it is no whole " + ending.substr(1) + " file");
}

}  // namespace zoetrope::render
