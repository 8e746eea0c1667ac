// SPDX-License-Identifier: Apache-2.0
// What lies at the edges of the plane: whole, and on no text.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "zoetrope/render/frame.hpp"

#include "palette.hpp"
#include "synthetic.hpp"

namespace zoetrope::render {
namespace {

constexpr std::size_t kEdgePoints = 200;

synthetic::Run edges_run(Layout layout, int width, int height, Theme theme = Theme::kLight) {
  auto run = synthetic::make_run(
      {.num_points = kEdgePoints, .num_classes = 1, .num_frames = 1, .width = width, .height = height});
  run.scene.layout = layout;
  run.scene.theme = theme;
  run.scene.has_regions = true;
  run.scene.class_names = {""};
  return run;
}

std::vector<double> all_at(double x, double y, std::size_t count = kEdgePoints) {
  std::vector<double> points;
  for (std::size_t i = 0; i < count; ++i) points.insert(points.end(), {x, y});
  return points;
}

// The lower edge of the plane, every corner included.
std::vector<double> along_the_bottom() {
  std::vector<double> points;
  for (std::size_t i = 0; i < kEdgePoints; ++i)
    points.insert(points.end(), {-5 + 10.0 * static_cast<double>(i) / (kEdgePoints - 1), i % 2 ? -5 : -4.7});
  return points;
}

TEST(FrameEdges, NoPointLiesOnWhatIsSaidOfTheFrame) {
  const std::vector<double> none = all_at(std::numeric_limits<double>::quiet_NaN(), 0);
  const std::vector<double> points = along_the_bottom(), regions = {0, 0, 0};
  for (const Layout layout : {Layout::kWide, Layout::kPlot, Layout::kArticle})
    for (const auto& [width, height] :
         {std::pair{800, 450}, {400, 430}, {360, 360}, {1920, 1080}, {1080, 1920}})
      for (const Theme theme : {Theme::kLight, Theme::kDark}) {
        auto run = edges_run(layout, width, height, theme);
        const FrameRenderer renderer(run.scene);
        Frame frame = run.frames[0];
        frame.outliers.clear();
        frame.regions = regions;
        const auto drawn = [&](const std::vector<double>& at, bool with_words) {
          frame.points = at;
          frame.trust = frame.camera_share = frame.region_agreement =
              with_words ? 0.89 : std::numeric_limits<double>::quiet_NaN();
          return renderer.draw(frame).pixels;
        };
        const auto silent = drawn(none, false), said = drawn(none, true), crowded = drawn(points, true);

        std::size_t letters = 0, covered = 0;
        for (std::size_t i = 0; i < said.size(); ++i) {
          if (said[i] == silent[i]) continue;
          ++letters;
          covered += crowded[i] != said[i];
        }
        EXPECT_GT(letters, 100U);
        EXPECT_EQ(covered, 0U) << width << "x" << height << ", layout " << static_cast<int>(layout);
      }
}

// How many pixels have the colour of a badge's ground, that no mark has.
std::ptrdiff_t badge_ground(const synthetic::Run& run, const std::vector<double>& points) {
  Frame frame = run.frames[0];
  frame.outliers.resize(2);
  frame.points = points;
  const auto with = FrameRenderer(run.scene).draw(frame).pixels;
  return std::ranges::count(with, pixel_of(theme_colours(Theme::kLight).background));
}

TEST(FrameEdges, BadgesAreWholeInEveryCorner) {
  for (const auto& [width, height] : {std::pair{800, 450}, {360, 360}}) {
    auto run = edges_run(Layout::kWide, width, height);
    const auto none = badge_ground(run, all_at(std::numeric_limits<double>::quiet_NaN(), 0));
    const auto within = badge_ground(run, all_at(2, 2)) - none;  // two, pushed apart
    ASSERT_GT(within, 50);
    for (const double x : {-5, 5})
      for (const double y : {-5, 5})
        EXPECT_GT(static_cast<double>(badge_ground(run, all_at(x, y)) - none),
                  0.85 * static_cast<double>(within))
            << width << "x" << height << ": " << x << ", " << y;
  }
}

// The pixels that marks at (x, y) change.
std::size_t inked(const synthetic::Run& run, std::span<const double> Frame::*points, double x, double y) {
  Frame frame = run.frames[0];
  frame.outliers.clear();
  const auto at = all_at(x, y), none = all_at(std::numeric_limits<double>::quiet_NaN(), 0);
  frame.points = frame.train_points = none;
  const FrameRenderer renderer(run.scene);
  const auto empty = renderer.draw(frame).pixels;
  frame.*points = at;
  const auto marked = renderer.draw(frame).pixels;
  std::size_t count = 0;
  for (std::size_t i = 0; i < marked.size(); ++i) count += marked[i] != empty[i];
  return count;
}

TEST(FrameEdges, MarksOfTheOutermostImagesAreWhole) {
  for (const Layout layout : {Layout::kWide, Layout::kPlot, Layout::kArticle}) {
    auto run = edges_run(layout, 900, 900);
    const auto middle = static_cast<double>(inked(run, &Frame::points, 1.1, 1.2));
    for (const double x : {-5, 5})
      for (const double y : {-5, 5})
        EXPECT_GT(static_cast<double>(inked(run, &Frame::points, x, y)), 0.75 * middle)
            << static_cast<int>(layout) << ": " << x << ", " << y;
    if (layout == Layout::kArticle) continue;  // whose axes end at 5
    run.scene.train_label.assign(kEdgePoints, 0);
    const auto hollow = static_cast<double>(inked(run, &Frame::train_points, 1.1, 1.2));
    EXPECT_GT(static_cast<double>(inked(run, &Frame::train_points, 5.5, -5.5)), 0.75 * hollow);
  }
}

}  // namespace
}  // namespace zoetrope::render
