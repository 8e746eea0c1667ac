// SPDX-License-Identifier: Apache-2.0
#include "regions.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/render/tween.hpp"
#include "zoetrope/support/digest.hpp"

#include "synthetic.hpp"

namespace zoetrope::render {
namespace {

constexpr Layout kAllLayouts[] = {Layout::kWide, Layout::kPlot, Layout::kArticle};

std::vector<double> made_regions(std::size_t classes, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> regions(3 * classes);
  for (double& value : regions) value = normal(random);
  return regions;
}

// As numpy.argmax has it.
std::int32_t greatest_at(std::span<const double> regions, double x, double y) {
  std::int32_t best = 0;
  double greatest = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; 3 * c < regions.size(); ++c) {
    const double logit = regions[3 * c] * x + regions[3 * c + 1] * y + regions[3 * c + 2];
    if (logit > greatest) greatest = logit, best = static_cast<std::int32_t>(c);
  }
  return best;
}

TEST(Regions, AreThoseOfTheGreatestLogitInEveryPixel) {
  const Rect square{10, 4, 201, 201};
  const PlaneMap map(square, 7);
  const Raster raster{10, 4, 201, 201};
  for (const std::size_t classes : {1, 2, 10, 300})
    for (unsigned seed = 0; seed < 5; ++seed) {
      std::vector<double> regions = made_regions(classes, seed);
      if (seed == 3) std::copy_n(regions.begin(), 3, regions.end() - 3);  // two that are one
      if (seed == 4) std::fill(regions.begin(), regions.end(), 0.0);      // a classifier that knows nothing
      const auto found = classes_of_pixels(raster, map, regions);
      ASSERT_EQ(found.size(), 201U * 201U);
      for (int y = 0; y < 201; ++y)
        for (int x = 0; x < 201; ++x)
          ASSERT_EQ(found[static_cast<std::size_t>(201 * y + x)],
                    greatest_at(regions, map.value_at_x(10.5 + x), map.value_at_y(4.5 + y)))
              << classes << " classes, seed " << seed << ": pixel " << x << ", " << y;
    }
}

TEST(Regions, StandWhereThePointsDo) {
  const PlaneMap map(Rect{30, 50, 400, 400}, 12);
  EXPECT_DOUBLE_EQ(map.value_at_x(map.x(3.25)), 3.25);
  EXPECT_DOUBLE_EQ(map.value_at_y(map.y(-1.5)), -1.5);
}

synthetic::Run run_of(Layout layout, Theme theme = Theme::kLight) {
  auto run = synthetic::make_run({.num_points = 40, .num_frames = 2, .width = 640, .height = 640});
  run.scene.layout = layout;
  run.scene.theme = theme;
  run.scene.has_regions = true;
  return run;
}

std::size_t num_colours(const Picture& picture) {
  return std::set<std::uint32_t>(picture.pixels.begin(), picture.pixels.end()).size();
}

TEST(Regions, TintThePlaneOfEveryLayoutAndSayHowOftenTheyAreRight) {
  const std::vector<double> regions = made_regions(10, 1);
  for (const Layout layout : kAllLayouts)
    for (const Theme theme : {Theme::kLight, Theme::kDark}) {
      auto run = run_of(layout, theme);
      const FrameRenderer renderer(run.scene);
      Frame& frame = run.frames[1];
      const Picture without = renderer.draw(frame);
      frame.regions = regions;
      const Picture silent = renderer.draw(frame);
      frame.region_agreement = 0.62;
      const Picture with = renderer.draw(frame);

      std::size_t changed = 0;
      for (std::size_t i = 0; i < with.pixels.size(); ++i) changed += with.pixels[i] != without.pixels[i];
      EXPECT_GT(changed, with.pixels.size() / 8) << static_cast<int>(layout);
      EXPECT_NE(silent.pixels, with.pixels) << static_cast<int>(layout);
      EXPECT_EQ(silent.pixels.front(), without.pixels.front());  // around the plane nothing changes
    }
  EXPECT_EQ(words_of_agreement(0.6249), "62\u2009% of the images lie in their own region");
  EXPECT_EQ(words_of_agreement(0.6249, true), "62\u2009% in their own region");
  EXPECT_EQ(words_of_agreement(std::nan("")), "");
}

TEST(Regions, GoFromCheckpointToCheckpointByTheLogitsAtEachPlace) {
  auto run = run_of(Layout::kPlot);
  const std::vector<double> before = made_regions(10, 1), after = made_regions(10, 2);
  run.frames[0].regions = before;
  run.frames[1].regions = after;
  run.frames[0].region_agreement = 0.2;
  run.frames[1].region_agreement = 0.6;
  const Frame between = animation_frame(run.frames, {.tween = 3}, 1);

  ASSERT_EQ(between.regions.size(), before.size());
  for (std::size_t k = 0; k < before.size(); ++k)
    EXPECT_DOUBLE_EQ(between.regions[k], 0.75 * before[k] + 0.25 * after[k]);
  EXPECT_DOUBLE_EQ(between.region_agreement, 0.3);
  EXPECT_EQ(animation_frame(run.frames, {.tween = 3}, 4).regions.data(), after.data());

  run.frames[0].regions = {};
  EXPECT_TRUE(animation_frame(run.frames, {.tween = 3}, 1).regions.empty());
}

// Text depends on the fonts of the machine, so of the plane alone, in the part where no name stands.
TEST(Regions, LeaveAPictureWithoutThemAsItEverWas) {
  auto run = run_of(Layout::kPlot);
  run.scene.has_regions = false;
  run.scene.class_names.assign(10, "");
  std::vector<double> points;  // the same on any machine
  for (int i = 0; i < 40; ++i) points.insert(points.end(), {i * 37 % 40 / 4.0 - 5, i * 23 % 40 / 4.0 - 5});
  for (std::size_t i = 0; i < 40; ++i) run.scene.label[i] = static_cast<std::int64_t>(i % 10);
  run.frames[1].points = points;
  const Picture picture = FrameRenderer(run.scene).draw(run.frames[1]);
  std::string bytes;
  for (std::size_t y = 150; y < 500; ++y)
    for (std::size_t x = 150; x < 500; ++x)
      for (const int shift : {16, 8, 0})
        bytes += static_cast<char>(picture.pixels[640 * y + x] >> shift & 0xff);

  EXPECT_GT(num_colours(picture), 10U);
  EXPECT_EQ(support::sha256_hex(std::as_bytes(std::span(bytes))),
            "bc6981a610caf0b9649f527d04cd410b8700d8ec3b4deaba72309fbef2eff5a4");
}

}  // namespace
}  // namespace zoetrope::render
