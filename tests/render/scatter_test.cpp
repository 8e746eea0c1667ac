// SPDX-License-Identifier: Apache-2.0
#include "scatter.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "canvas.hpp"

namespace zoetrope::render {
namespace {

constexpr Colour kWhite = {255, 255, 255};

double weight(std::uint32_t pixel) {
  return (pixel & 255) / 255.0;
}

struct Blob {
  double x = 0, y = 0, area = 0;
};

// Where the ink of white marks on black is, pixel (0, 0) covering [0, 1) x [0, 1).
Blob measure(const Picture& picture) {
  Blob blob;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const double w = weight(picture.pixels[static_cast<std::size_t>(y * picture.width + x)]);
      blob.area += w;
      blob.x += w * (x + 0.5);
      blob.y += w * (y + 0.5);
    }
  }
  blob.x /= blob.area;
  blob.y /= blob.area;
  return blob;
}

TEST(Stamp, InkStandsWhereThePointIsToATenthOfAPixel) {
  for (const double radius : {1.3, 3.0, 5.2}) {
    const Stamp stamp(Shape::kDisc, {radius, 1});
    for (int k = 0; k < 50; ++k) {
      Picture picture = make_picture(32, 32);
      const double x = 14 + 0.077 * k;
      const double y = 17 - 0.053 * k;

      stamp.press(picture, {0, 0, 32, 32}, x, y, kWhite);

      const Blob blob = measure(picture);
      EXPECT_NEAR(blob.x, x, 0.1) << radius;
      EXPECT_NEAR(blob.y, y, 0.1) << radius;
    }
  }
}

TEST(Stamp, AllFilledShapesHaveTheDiscsArea) {
  for (const Shape shape : {Shape::kDisc, Shape::kSquare, Shape::kTriangle, Shape::kDiamond}) {
    Picture picture = make_picture(32, 32);

    Stamp(shape, {5, 1}).press(picture, {0, 0, 32, 32}, 16.3, 16.1, kWhite);

    EXPECT_NEAR(measure(picture).area, 25 * M_PI, 2) << static_cast<int>(shape);
  }
}

TEST(Stamp, OpacityIsTheShareOfInk) {
  Picture picture = make_picture(16, 16);

  Stamp(Shape::kDisc, {4, 0.5}).press(picture, {0, 0, 16, 16}, 8, 8, {200, 100, 0});

  EXPECT_NEAR(static_cast<double>(picture.pixels[8 * 16 + 8] >> 16 & 255), 100, 1);
  EXPECT_NEAR(static_cast<double>(picture.pixels[8 * 16 + 8] >> 8 & 255), 50, 1);
  EXPECT_EQ(picture.pixels[8 * 16 + 8] & 255, 0u);
}

TEST(Stamp, StaysWithinItsClipAtEveryEdge) {
  const Stamp stamp(Shape::kDisc, {4, 1});
  const Rect clip{8, 8, 16, 16};
  for (const double at : {-100.0, 5.0, 8.0, 16.0, 23.5, 26.0, 31.9, 1e6}) {
    for (const double other : {-3.0, 8.0, 24.0, 40.0}) {
      Picture picture = make_picture(32, 32);

      stamp.press(picture, clip, at, other, kWhite);
      stamp.press(picture, clip, other, at, kWhite);

      for (int y = 0; y < 32; ++y) {
        for (int x = 0; x < 32; ++x) {
          const bool within = x >= 8 && x < 24 && y >= 8 && y < 24;
          if (within) continue;
          EXPECT_EQ(picture.pixels[static_cast<std::size_t>(y * 32 + x)], kOpaque) << x << "," << y;
        }
      }
    }
  }
}

TEST(Stamp, PressesInFullAtTheEdgeOfThePicture) {
  Picture whole = make_picture(32, 32);
  Picture cut = make_picture(16, 32);
  const Stamp stamp(Shape::kDisc, {4, 0.7});

  stamp.press(whole, {0, 0, 32, 32}, 15, 16, {10, 200, 90});
  stamp.press(cut, {0, 0, 16, 32}, 15, 16, {10, 200, 90});

  for (std::size_t y = 0; y < 32; ++y) {
    for (std::size_t x = 0; x < 16; ++x) EXPECT_EQ(cut.pixels[y * 16 + x], whole.pixels[y * 32 + x]);
  }
}

TEST(Scatter, PutsPlusFiveAtTheRightAndTheTop) {
  const Rect square{10, 20, 100, 100};
  const PlaneMap map(square, 5);

  EXPECT_DOUBLE_EQ(map.x(5), 105);
  EXPECT_DOUBLE_EQ(map.x(-5), 15);
  EXPECT_DOUBLE_EQ(map.y(5), 25);
  EXPECT_DOUBLE_EQ(map.y(-5), 115);
}

TEST(Scatter, LeavesOutWhatCannotBeDrawn) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<std::int64_t> label = {0, 0, 0, -1, 7, 0};
  const std::vector<double> points = {nan, 0, 0, inf, 1e300, 0, 0, 0, 0, 0, 900, 900};
  const Rect square{0, 0, 64, 64};
  const Scatter scatter(square, PlaneMap(square, 4), {3, 1}, {class_mark(0, Theme::kLight)}, label, {});
  Picture picture = make_picture(64, 64);

  scatter.draw(picture, points);

  EXPECT_EQ(picture.pixels, make_picture(64, 64).pixels);
}

TEST(Scatter, MorePointsAreSmallerAndMoreTransparent) {
  MarkStyle previous = mark_style(1, 1000);
  for (const std::size_t count : {10, 1000, 10'000, 100'000, 1'000'000}) {
    const MarkStyle style = mark_style(count, 1000);

    EXPECT_LE(style.radius, previous.radius);
    EXPECT_LE(style.opacity, previous.opacity);
    EXPECT_GT(style.radius, 1);
    EXPECT_GT(style.opacity, 0.1);
    previous = style;
  }
}

}  // namespace
}  // namespace zoetrope::render
