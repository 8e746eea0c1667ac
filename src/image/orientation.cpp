// SPDX-License-Identifier: Apache-2.0
#include "orientation.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace zoetrope::image {
namespace {

constexpr std::uint16_t kOrientationTag = 0x0112;
constexpr int kUpright = 1;
constexpr int kLastOrientation = 8;

// Numbers of a TIFF file, in its own byte order. Positions past the end read as 0.
class TiffBytes {
 public:
  explicit TiffBytes(std::span<const std::uint8_t> bytes)
      : bytes_(bytes), little_(bytes.size() >= 2 && bytes[0] == 'I' && bytes[1] == 'I') {}

  std::uint32_t u16(std::size_t at) const {
    if (bytes_.size() < 2 || at > bytes_.size() - 2) return 0;
    const std::uint32_t first = bytes_[at], second = bytes_[at + 1];
    return little_ ? first | second << 8 : first << 8 | second;
  }
  std::uint32_t u32(std::size_t at) const {
    const std::uint32_t first = u16(at), second = u16(at + 2);
    return little_ ? first | second << 16 : first << 16 | second;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool little_;
};

std::optional<int> exif_orientation(std::span<const std::uint8_t> exif) {
  constexpr std::string_view kPrefix{"Exif\0\0", 6};
  if (exif.size() >= kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), exif.begin()))
    exif = exif.subspan(6);
  if (exif.size() < 8) return std::nullopt;
  constexpr std::size_t kEntryBytes = 12;
  constexpr std::uint32_t kShort = 3;
  const TiffBytes tiff(exif);
  const std::size_t directory = tiff.u32(4);
  const std::uint32_t entries = tiff.u16(directory);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > exif.size()) return std::nullopt;
    if (tiff.u16(entry) != kOrientationTag) continue;
    const bool is_short = tiff.u16(entry + 2) == kShort;
    return static_cast<int>(is_short ? tiff.u16(entry + 8) : tiff.u32(entry + 8));
  }
  return std::nullopt;
}

// PIL's pattern: tiff:Orientation(="|>)([0-9])
std::optional<int> xmp_orientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (auto at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with(">")) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') return rest[0] - '0';
  }
  return std::nullopt;
}

}  // namespace

int orientation_of(std::span<const std::uint8_t> exif, std::string_view xmp) {
  std::optional<int> orientation = exif_orientation(exif);
  if (!orientation) orientation = xmp_orientation(xmp);
  const int value = orientation.value_or(kUpright);
  return value >= kUpright && value <= kLastOrientation ? value : kUpright;
}

Image turn_upright(Image image, int orientation) {
  if (orientation == kUpright) return image;
  const bool turned = orientation >= 5;  // rows become columns
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image upright{turned ? image.width : image.height, turned ? image.height : image.width, image.channels, {}};
  upright.pixels.resize(image.pixels.size());
  const auto channels = static_cast<std::size_t>(image.channels);
  std::uint8_t* target = upright.pixels.data();
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x, target += channels) {
      const int across = turned ? y : x, down = turned ? x : y;
      const int source_x = mirror_x ? image.width - 1 - across : across;
      const int source_y = mirror_y ? image.height - 1 - down : down;
      const std::size_t source = static_cast<std::size_t>(source_y) * static_cast<std::size_t>(image.width) +
                                 static_cast<std::size_t>(source_x);
      std::copy_n(image.pixels.data() + source * channels, channels, target);
    }
  }
  return upright;
}

}  // namespace zoetrope::image
