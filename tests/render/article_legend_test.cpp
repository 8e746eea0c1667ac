// SPDX-License-Identifier: Apache-2.0
#include "article_legend.hpp"

#include <gtest/gtest.h>

namespace zoetrope::render {
namespace {

constexpr Rect kAxes{100, 100, 400, 400};
constexpr double kLegendWide = 100, kLegendHigh = 150;

Rect place_beside(const std::vector<std::vector<double>>& frames) {
  const std::vector<std::span<const double>> spans(frames.begin(), frames.end());
  return best_place(kAxes, kLegendWide, kLegendHigh, 7, PlaneMap(kAxes, 0), spans).box;
}

TEST(ArticleLegend, StandsAtTheRightAboveWhereNothingIsInTheWay) {
  for (const auto& frames : {std::vector<std::vector<double>>{}, {{-4, -4}, {0, 0, -4, 4}}}) {
    const Rect box = place_beside(frames);
    EXPECT_DOUBLE_EQ(box.right(), 493);
    EXPECT_DOUBLE_EQ(box.y, 107);
  }
}

TEST(ArticleLegend, StandsWhereFewestPointsOfAllFramesLie) {
  const Rect left = place_beside({{4, 4}});
  EXPECT_DOUBLE_EQ(left.x, 107);
  EXPECT_DOUBLE_EQ(left.y, 107);

  // One in each corner and on each side, but two of them where it stands else.
  const Rect below = place_beside({{4, 4, 4, 4, -4, 4, -4, 4}, {-4, -4, 4, -4, 4, -4, 4, 0, 4, 0, -4, 0}});
  EXPECT_DOUBLE_EQ(below.x, 250);
  EXPECT_DOUBLE_EQ(below.bottom(), 493);
}

// Points everywhere but in the lower third, where a column of ten names is too high to stand.
TEST(ArticleLegend, HasTwoColumnsWhereItCoversFewerPointsSo) {
  std::vector<double> points;
  for (int i = 0; i < 1000; ++i) points.insert(points.end(), {-5 + i % 40 / 4.0, -1.5 + i / 40 * 0.25});
  Scene scene;
  scene.layout = Layout::kArticle;
  scene.width = scene.height = 800;
  scene.class_names.assign(10, "T-shirt/top");
  scene.label.assign(1000, 0);
  scene.all_points = {points};
  Frame frame;
  frame.points = points;
  const Picture picture = FrameRenderer(scene).draw(frame);

  std::size_t ink = 0;  // of the last class, whose mark stands nowhere else
  for (int y = 405; y < 510; ++y)
    for (int x = 190; x < 606; ++x)
      ink += picture.pixels[static_cast<std::size_t>(800 * y + x)] == pixel_of(article_colour(9));
  EXPECT_GT(ink, 10U);
}

}  // namespace
}  // namespace zoetrope::render
