// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include <zlib.h>

#include "decode_cases.hpp"
#include "support/peak_memory.hpp"

namespace zoetrope::image {
namespace {

std::vector<std::uint8_t> as_rgb(const Image& image) {
  if (image.channels == 3) return image.pixels;
  std::vector<std::uint8_t> rgb;
  for (const std::uint8_t grey : image.pixels) rgb.insert(rgb.end(), 3, grey);
  return rgb;
}

int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  int largest = a.size() == b.size() ? 0 : 256;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

// Newer versions of libheif round chroma otherwise.
int tolerance_of(const std::string& name) {
  if (!name.ends_with(".heic")) return 0;
  return name.find("bits") == std::string::npos ? 1 : 3;
}

TEST(Decode, EqualsDatasetsAndPilInEveryPixelOfEveryKindOfFile) {
  const std::vector<DecodeCase> cases = decode_cases();
  ASSERT_GT(cases.size(), 300u);
  for (const auto& [name, file, expected] : cases) {
    const Image image = decode_image(file, name);

    EXPECT_EQ(image.height, expected.height) << name;
    EXPECT_EQ(image.width, expected.width) << name;
    EXPECT_LE(largest_difference(as_rgb(image), expected.pixels), tolerance_of(name)) << name;
  }
}

TEST(Decode, KeepsOneChannelOfGreyImages) {
  for (const char* name :
       {"grey.jpg", "grey.png", "grey-alpha.png", "grey-16-bit.png", "black-and-white.png", "grey.bmp",
        "L.gif", "I;16 None.tif", "group4.tif", "L.pnm", "L {}.tga", "L {}.jp2", "L {}.avif"})
    EXPECT_EQ(decode_image(golden_file(name), name).channels, 1) << name;
}

TEST(Decode, ReportsFilesCutAnywhere) {
  int reported = 0;
  for (const auto& [name, file, expected] : decode_cases()) {
    const std::size_t footer = name.ends_with(".tga") ? 26 : 0;  // behind the pixels
    for (std::size_t size = 0; size < (file.size() - footer) / 2; size += 1 + file.size() / 23) {
      EXPECT_THROW(decode_image(Bytes(file).first(size), "cut"), InputError) << name << " " << size;
      ++reported;
    }
  }
  EXPECT_GT(reported, 1000);
}

TEST(Decode, SurvivesDamageAnywhere) {
  int decoded = 0, refused = 0;
  for (const auto& [name, file, expected] : decode_cases()) {
    for (std::size_t at = 0; at < file.size(); at += 1 + file.size() / 31) {
      File damaged = file;
      damaged[at] ^= static_cast<std::uint8_t>(1u << at % 8);
      try {
        const Image image = decode_image(damaged, "damaged");
        EXPECT_EQ(image.pixels.size(), static_cast<std::size_t>(image.height) *
                                           static_cast<std::size_t>(image.width) *
                                           static_cast<std::size_t>(image.channels));
        ++decoded;
      } catch (const InputError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(decoded, 100);
  EXPECT_GT(refused, 100);
}

TEST(Decode, NamesKindsThatItDoesNotRead) {
  expect_error({0, 0, 0, 12, 'J', 'X', 'L', ' ', '\r', '\n', 0x87, '\n'},
               "is JPEG XL, which is not supported; convert it");
  expect_error({0, 0, 0, 28, 'f', 't', 'y', 'p', 'c', 'r', 'x', ' '},
               "is a film or a camera's raw file, which is not supported");
  expect_error({'h', 'e', 'l', 'l', 'o'}, "no image of a known kind");
  expect_error({}, "empty");
}

TEST(Decode, SetsNothingAsideForAnEnormousPng) {
  File png = golden_file("rgb.png");
  png[17] = png[21] = 0x0f;  // 983062 x 983053, with a checksum that agrees
  const auto checksum = static_cast<std::uint32_t>(crc32(0, png.data() + 12, 17));
  for (std::size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(checksum >> (24 - 8 * i));

  expect_error(png, "983062 x 983053 pixels are more than the 178956970 allowed");
}

TEST(Decode, SetsNothingAsideForAnEnormousJpeg) {
  File jpeg = golden_file("444.jpg");
  const File start_of_frame{0xff, 0xc0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), start_of_frame.begin(), start_of_frame.end());
  ASSERT_NE(at, jpeg.end());
  at[5] = at[7] = 0xfe;  // 65024 + 13 by 65024 + 22

  expect_error(jpeg, "65046 x 65037 pixels are more than");
}

TEST(Decode, SetsNothingAsideForPixelsThatAPngCannotHold) {
  File png = golden_file("rgb.png");
  const File sides{0, 0, 0x2e, 0xe0, 0, 0, 0x2e, 0xe0};  // 12000 x 12000
  std::copy(sides.begin(), sides.end(), png.begin() + 16);
  const auto checksum = static_cast<std::uint32_t>(crc32(0, png.data() + 12, 17));
  for (std::size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(checksum >> (24 - 8 * i));

  expect_error(png, "12000 x 12000 pixels are more than its ");
  EXPECT_LT(support::peak_kib_of([&] { decode_image(png, "some/file"); }), kFewKib);
}

TEST(Decode, SetsNothingAsideForPixelsThatAJpegCannotHold) {
  File jpeg = golden_file("444.jpg");
  const File start_of_frame{0xff, 0xc0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), start_of_frame.begin(), start_of_frame.end());
  ASSERT_NE(at, jpeg.end());
  at[5] = at[7] = 0x2e;  // some 11,800 a side

  expect_error(jpeg, "pixels are more than its ");
  EXPECT_LT(support::peak_kib_of([&] { decode_image(jpeg, "some/file"); }), kFewKib);
}

TEST(Decode, SetsNothingAsideForPixelsThatAWebpCannotHold) {
  // Lossy, of one frame: the sides are the 14 bits that follow the start code.
  File webp{'R', 'I', 'F', 'F', 40, 0, 0, 0, 'W', 'E', 'B', 'P', 'V', 'P', '8', ' ', 28, 0, 0, 0};
  for (const int byte : {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0xe0, 0x2e, 0xe0, 0x2e})
    webp.push_back(static_cast<std::uint8_t>(byte));
  webp.resize(48, 0x55);

  expect_error(webp, "12000 x 12000 pixels are more than its ");
  EXPECT_LT(support::peak_kib_of([&] { decode_image(webp, "some/file"); }), kFewKib);
}

TEST(Decode, SetsNothingAsideForAnEnormousBmp) {
  File bmp = golden_file("rgb.bmp");
  std::fill_n(bmp.begin() + 18, 3, 0xff);
  std::fill_n(bmp.begin() + 22, 3, 0xff);

  expect_error(bmp, "more than the 178956970 allowed");
}

void put(File& file, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

TEST(Decode, RefusesABmpThatFfmpegWouldGuessAt) {
  constexpr std::size_t kPixelsAt = 10, kCompression = 30;
  File compressed = golden_file("palette.bmp");
  put(compressed, kCompression, 5);
  File no_palette = golden_file("grey.bmp");
  put(no_palette, kPixelsAt, 54);
  File odd_masks = golden_file("565.bmp");
  odd_masks[54] ^= 1;
  File cut = golden_file("rgb.bmp");
  cut.erase(cut.end() - 4, cut.end());

  expect_error(compressed, "its compression is not supported; convert it to PNG");
  expect_error(no_palette, "its palette is not all there");
  expect_error(odd_masks, "FFmpeg cannot decode its header or bit fields");
  expect_error(cut, "it ends before its last pixel");
}

TEST(Decode, SetsNothingAsideForAnEnormousWebp) {
  File webp =
      golden_file("animated.webp");  // an extended header: canvas width and height, less one, in 24 bits each
  webp[25] = 0xff;
  webp[28] = 0x1f;

  expect_error(webp, "65302 x 7949 pixels are more than");
}

}  // namespace
}  // namespace zoetrope::image
