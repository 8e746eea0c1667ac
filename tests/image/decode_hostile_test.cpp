// SPDX-License-Identifier: Apache-2.0
// Headers of image files that announce what the file does not hold.
#include <algorithm>
#include <string_view>

#include "decode_cases.hpp"
#include "support/peak_memory.hpp"

namespace zoetrope::image {
namespace {

void expect_nothing_set_aside(const File& file, const std::string& what) {
  expect_error(file, what);
  EXPECT_LT(support::peak_kib_of([&] { decode_image(file, "some/file"); }), kFewKib);
}

File text(std::string_view text) {
  return {text.begin(), text.end()};
}

void put_big_endian(File& file, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) file.at(at + i) = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::size_t find(const File& file, std::string_view what) {
  const auto found = std::search(file.begin(), file.end(), what.begin(), what.end(),
                                 [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
  EXPECT_NE(found, file.end());
  return static_cast<std::size_t>(found - file.begin());
}

TEST(DecodeHostile, SetsNothingAsideForPixelsThatAGifCannotHold) {
  File gif = golden_file("RGB.gif");
  gif[7] = gif[9] = 0x2e;  // some 11,800 a side

  expect_nothing_set_aside(gif, "pixels are more than its ");
}

TEST(DecodeHostile, RefusesAGifWhoseFirstFrameIsCut) {
  File gif = golden_file("RGB.gif");
  gif.resize(gif.size() - 8);

  expect_error(gif, "is not a valid GIF file: it ends before its last pixel");
}

TEST(DecodeHostile, SetsNothingAsideForPixelsThatATgaCannotHold) {
  File tga = golden_file("RGB {}.tga");
  tga[13] = tga[15] = 0x2e;
  File runs = golden_file("RGB {'compression': 'tga_rle'}.tga");
  runs[13] = runs[15] = 0x2e;

  expect_nothing_set_aside(tga, "pixels are more than its ");
  expect_nothing_set_aside(runs, "pixels are more than its ");
}

TEST(DecodeHostile, SetsNothingAsideForPixelsThatAPnmCannotHold) {
  expect_nothing_set_aside(text("P6 12000 12000 255\n123"), "it ends before its last pixel");
  expect_nothing_set_aside(text("P4 12000 12000\n123"), "it ends before its last pixel");
  expect_nothing_set_aside(text("P2 12000 12000 255\n1 2 3"), "it ends before its last pixel");
  expect_nothing_set_aside(text("P5 99999999 99999999 255\n1"), "pixels are more than the ");
}

TEST(DecodeHostile, SaysWhatAPnmHasInstead) {
  expect_error(text("P2 2 1 255\n1 x"),
               "is not a valid PGM file: it has another thing where a number should be");
  expect_error(text("P1 2 1\n1 2"), "it has another thing where a 0 or 1 should be");
  expect_error(text("P2 2 1 7\n1 8"), "it has the value 8, which is above its largest, 7");
  expect_error(text("P2 2 1 65536\n1 8"), "its largest value is 65536, not 1 to 65535");
}

// Of one strip of grey bytes, in big-endian order.
File small_tiff(std::uint32_t width, std::uint32_t height, std::uint32_t strip_bytes) {
  File tiff = text(std::string_view("MM\0*\0\0\0\x08\0\x08", 10));
  const auto entry = [&](std::uint32_t tag, std::uint32_t value) {
    for (const std::uint32_t word : {tag << 16 | 4, 1u, value}) {
      tiff.resize(tiff.size() + 4);
      put_big_endian(tiff, tiff.size() - 4, word);
    }
  };
  entry(256, width);
  entry(257, height);
  entry(258, 8);
  entry(259, 1);
  entry(262, 1);
  entry(273, 110);
  entry(278, height);
  entry(279, strip_bytes);
  tiff.resize(114);
  return tiff;
}

TEST(DecodeHostile, ReadsTheSmallestTiff) {
  const Image image = decode_image(small_tiff(2, 2, 4), "some/file");

  EXPECT_EQ(image.pixels, File(4, 0));
}

TEST(DecodeHostile, SetsNothingAsideForPixelsThatATiffCannotHold) {
  expect_nothing_set_aside(small_tiff(12000, 12000, 144'000'000), "12000 x 12000 pixels are more than its ");
  expect_nothing_set_aside(small_tiff(0xffffffff, 0xffffffff, 4), "is not a valid TIFF file: ");
  expect_nothing_set_aside(small_tiff(50000, 50000, 4), "50000 x 50000 pixels are more than the ");
  expect_nothing_set_aside(small_tiff(2000, 2000, 4'000'000), "is not a valid TIFF file: ");
}

TEST(DecodeHostile, SetsNothingAsideForPixelsThatAJpeg2000CannotHold) {
  File jp2 = golden_file("RGB {'no_jp2': True}.jp2");
  put_big_endian(jp2, 8, 12000);
  put_big_endian(jp2, 12, 12000);
  put_big_endian(jp2, 24, 12000);
  put_big_endian(jp2, 28, 12000);
  File tiles = golden_file("RGB {'no_jp2': True}.jp2");
  put_big_endian(tiles, 24, 1);
  put_big_endian(tiles, 28, 1);
  put_big_endian(tiles, 8, 2000);
  put_big_endian(tiles, 12, 2000);
  File channels = golden_file("RGB {'no_jp2': True}.jp2");
  channels[40] = 0x40;

  expect_nothing_set_aside(jp2, "12000 x 12000 pixels are more than its ");
  expect_nothing_set_aside(tiles, "it announces more tiles than it can hold");
  expect_nothing_set_aside(channels, "it has 16387 colour channels");
}

TEST(DecodeHostile, SetsNothingAsideForPixelsThatAnAvifCannotHold) {
  File avif = golden_file("RGB {}.avif");
  const std::size_t sides = find(avif, "ispe") + 8;
  put_big_endian(avif, sides, 12000);
  put_big_endian(avif, sides + 4, 12000);

  expect_nothing_set_aside(avif, "12000 x 12000 pixels are more than its ");
}

TEST(DecodeHostile, SetsNothingAsideForPixelsThatAHeicCannotHold) {
  File heic = golden_file("RGB {}.heic");
  constexpr std::string_view kSides = "ispe";
  for (auto at = heic.begin();; at += 4) {  // of the coded image and of the one that is shown
    at = std::search(at, heic.end(), kSides.begin(), kSides.end());
    if (at == heic.end()) break;
    const auto sides = static_cast<std::size_t>(at - heic.begin()) + 8;
    put_big_endian(heic, sides, 12000);
    put_big_endian(heic, sides + 4, 12000);
  }

  // What is shown is a part of that, which the file has.
  EXPECT_LT(support::peak_kib_of([&] { decode_image(heic, "some/file"); }), kFewKib);
}

TEST(DecodeHostile, RefusesABmpWhoseRunsEndTooEarly) {
  constexpr std::size_t kCompression = 30;
  File bmp = golden_file("palette.bmp");
  const std::size_t pixels_at = bmp[10] | bmp[11] << 8;
  bmp[kCompression] = 1;
  bmp.resize(pixels_at);
  for (const std::uint8_t byte : {3, 7, 0, 0, 3, 7}) bmp.push_back(byte);

  expect_error(bmp, "is not a valid BMP file: it ends before its last pixel");
}

TEST(DecodeHostile, LooksForTheLargestImageOfAnIconWhereThereIsOne) {
  expect_error(text(std::string_view("\0\0\1\0\0\0", 6)), "is not a valid ICO file: it holds no image");
  expect_error(text(std::string_view("\0\0\1\0\2\0\0\0", 8)),
               "is not a valid ICO file: it ends within the header");
  File outside = golden_file("RGB png.ico");
  for (std::size_t i = 0; i < 3; ++i) outside.at(6 + 16 * i + 15) = 0x7f;
  expect_error(outside, "it ends before its largest image");
}

}  // namespace
}  // namespace zoetrope::image
