// SPDX-License-Identifier: Apache-2.0
#include "region_names.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "regions.hpp"
#include "render/overlap.hpp"

namespace zoetrope::render {
namespace {

const std::vector<std::string> kRegionClasses = {"Left", "Right", "Nowhere"};

struct NamedPlane {
  Rect square{0, 0, 500, 500};
  PlaneMap map{square, 10};
  Typesetter text{"DejaVu Sans"};
  RegionNames names{square, map, 15, Theme::kLight, text, kRegionClasses};
  // The first is greater where x < 0, the second where x > 0, the third at no place.
  std::vector<double> halves{-1, 0, 0, 1, 0, 0, 0, 0, -100};
};

TEST(RegionNames, LieInTheirRegionsAndNameNoOther) {
  const NamedPlane plane;

  const auto names = plane.names.place(plane.halves, {}, {});

  ASSERT_EQ(names.size(), 2U);
  for (const ClassLabel& name : names) {
    const Rect box = plane.names.box_of(name);
    for (const double x : {box.x, box.right()})
      EXPECT_EQ(class_at(plane.halves, plane.map.value_at_x(x), 0), name.class_index);
    EXPECT_NEAR(name.y, 250, 10);  // in the middle, where nothing is in the way
  }
}

TEST(RegionNames, StandWhereNeitherPointsNorOtherNamesAre) {
  const NamedPlane plane;
  std::vector<double> points;
  for (int i = 0; i < 1000; ++i)  // all but the lower fifth
    points.insert(points.end(), {-5 + i % 40 / 4.0, -2.5 + i / 40 * 0.3});
  const std::vector<Rect> taken = {{0, 400, 500, 40}};

  const auto names = plane.names.place(plane.halves, points, taken);

  ASSERT_EQ(names.size(), 2U);
  for (const ClassLabel& name : names) {
    EXPECT_GT(plane.map.value_at_y(name.y), -5);
    EXPECT_LT(plane.map.value_at_y(name.y), -2.5);
    EXPECT_FALSE(overlap(plane.names.box_of(name), taken[0]));
  }
}

TEST(RegionNames, ARegionWithoutRoomHasNone) {
  const NamedPlane plane;
  const std::vector<Rect> taken = {{0, 0, 250, 500}};

  const auto names = plane.names.place(plane.halves, {}, taken);

  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(names[0].class_index, 1U);
  EXPECT_TRUE(plane.names.place({}, {}, {}).empty());
  EXPECT_TRUE(plane.names.place(std::vector<double>(6), {}, {}).empty());  // of another number of classes
}

TEST(RegionNames, GoFromPlaceToPlaceAndComeAndGo) {
  const std::vector<ClassLabel> before = {{0, 100, 100}, {1, 300, 300}}, after = {{0, 200, 100}, {2, 50, 50}};

  for (double share = 0; share <= 1; share += 0.125) {
    const auto names = RegionNames::between(before, after, share);
    ASSERT_EQ(names.size(), 3U);
    EXPECT_GE(names[0].x, 100);
    EXPECT_LE(names[0].x, 200);
    EXPECT_EQ(names[0].opacity, 1);
    EXPECT_EQ(names[1].opacity * names[2].opacity, 0) << "two names at a time, where each region has one";
  }
  EXPECT_EQ(RegionNames::between(before, after, 0)[1].opacity, 1);
  EXPECT_EQ(RegionNames::between(before, after, 1)[2].opacity, 1);
  EXPECT_EQ(RegionNames::between(before, after, 1)[0].x, 200);
}

}  // namespace
}  // namespace zoetrope::render
