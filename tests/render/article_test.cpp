// SPDX-License-Identifier: Apache-2.0
// Against the notebook's figure as matplotlib draws it (tests/golden/make_render_golden.py).
#include "article.hpp"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode.hpp"
#include "read_png.hpp"
#include "support/golden.hpp"

namespace zoetrope::render {
namespace {

constexpr std::size_t kNumPoints = 600;

Scene article_scene() {
  Scene scene;
  scene.layout = Layout::kArticle;
  scene.width = scene.height = 1600;
  scene.class_names = {"cat", "dog", "ship"};
  scene.last_epoch = 1;
  for (std::size_t i = 0; i < kNumPoints; ++i) scene.label.push_back(static_cast<std::int64_t>(i % 3));
  for (int k = 1; k <= 10; ++k) scene.loss.push_back({k / 10.0, 20 * k, 0.3 + 2.3 * std::exp(-k / 4.0)});
  return scene;
}

std::vector<double> article_points() {
  std::vector<double> points;
  for (std::size_t i = 0; i < kNumPoints; ++i) {
    const auto n = static_cast<double>(i);
    const double angle = 2.399963 * n;
    const double radius = 1.6 * std::sqrt(n / kNumPoints);
    const double centre = 2.0943951 * static_cast<double>(i % 3);
    points.push_back(2.5 * std::cos(centre) + radius * std::cos(angle));
    points.push_back(2.5 * std::sin(centre) + radius * std::sin(angle));
  }
  return points;
}

std::vector<OutlierEntry> article_outliers() {
  std::vector<OutlierEntry> outliers;
  for (int j = 0; j < 8; ++j) {
    OutlierEntry entry;
    entry.index = j;
    entry.label = j % 3;
    support::Image image{28, 28, 1, {}};
    for (int y = 0; y < 28; ++y) {
      for (int x = 0; x < 28; ++x)
        image.pixels.push_back(static_cast<std::uint8_t>((9 * x + 7 * (j + 1) * y) % 256));
    }
    entry.image = std::make_shared<support::Image>(std::move(image));
    outliers.push_back(entry);
  }
  return outliers;
}

// Means over squares of n x n pixels.
Picture shrunk(const Picture& picture, int n) {
  Picture small{picture.width / n, picture.height / n, {}};
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      double sum[3] = {};
      for (int k = 0; k < n * n; ++k) {
        const std::uint32_t pixel =
            picture.pixels[static_cast<std::size_t>((y * n + k / n) * picture.width + x * n + k % n)];
        for (int c = 0; c < 3; ++c) sum[c] += pixel >> (8 * c) & 255;
      }
      std::uint32_t mean = 0xff000000;
      for (int c = 0; c < 3; ++c)
        mean |= static_cast<std::uint32_t>(std::lround(sum[c] / (n * n))) << (8 * c);
      small.pixels.push_back(mean);
    }
  }
  return small;
}

TEST(Article, LooksAsMatplotlibDrawsIt) {
  const std::vector<double> points = article_points();
  Frame frame;
  frame.step = 100;
  frame.epoch = 0.5;
  frame.points = points;
  frame.outliers = article_outliers();

  const Picture ours = shrunk(FrameRenderer(article_scene()).draw(frame), 5);

  const Picture theirs = read_png(golden_files::path("render/article.png"));
  ASSERT_EQ(ours.width, theirs.width);
  write_png("article.png", ours);  // to be looked at, should they differ
  // Hinted text and points rounded to whole pixels make 1.75; all of it 5 pixels off would make 7.
  EXPECT_LT(testing_tools::mean_error(ours, theirs), 2);
}

TEST(Article, TicksAreMatplotlibs) {
  using testing::ElementsAre;

  EXPECT_THAT(article_ticks(-5, 5, 9), ElementsAre(-4, -2, 0, 2, 4));
  EXPECT_THAT(article_ticks(0, 3, 3), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(article_ticks(0, 3, 9), ElementsAre(0, 0.5, 1, 1.5, 2, 2.5, 3));
  EXPECT_EQ(article_ticks(0, 0.04, 9).size(), 9u);  // 0.000, 0.005, ...
}

TEST(Article, FitsAnySizeAndAnyName) {
  Scene scene = article_scene();
  scene.class_names = {std::string(500, 'W'), "", "\xff"};
  const std::vector<double> points = article_points();
  Frame frame;
  frame.points = points;
  frame.outliers = article_outliers();
  frame.outliers[3].label = -1;
  for (const auto& [width, height] : {std::pair{1600, 1600}, {640, 360}, {400, 900}}) {
    scene.width = width;
    scene.height = height;

    const Picture picture = FrameRenderer(scene).draw(frame);

    for (int y = 0; y < height; ++y) {
      EXPECT_EQ(picture.pixels[static_cast<std::size_t>(y * width)], 0xffffffffu);
      EXPECT_EQ(picture.pixels[static_cast<std::size_t>(y * width + width - 1)], 0xffffffffu);
    }
  }
}

TEST(Article, OutliersTitlesTouchNoImage) {
  Scene scene = article_scene();
  const std::vector<double> points = article_points();
  Frame frame;
  frame.points = points;
  frame.outliers = article_outliers();
  for (const auto& [width, height] : {std::pair{800, 800}, {1280, 720}, {640, 360}, {720, 1280}}) {
    scene.width = width;
    scene.height = height;
    const Picture picture = FrameRenderer(scene).draw(frame);
    const double side = 0.06 * std::min(width, height);
    for (int k = 0; k < 7; ++k) {
      const double bottom = (0.06 + k / 11.0) * height + side;
      for (int y = static_cast<int>(std::ceil(bottom)); y < bottom + 0.004 * std::min(width, height); ++y)
        for (int x = static_cast<int>(0.91 * width - side); x < 0.91 * width; ++x)
          ASSERT_EQ(picture.pixels[static_cast<std::size_t>(y * width + x)], 0xffffffffU)
              << width << "x" << height << ": below image " << k << ", " << x << ", " << y;
    }
  }
}

TEST(Article, NamesOutliersThatHaveNoImageInTheirTitlesSpan) {
  Scene scene = article_scene();
  scene.width = scene.height = 800;
  const std::vector<double> points = article_points();
  Frame frame;
  frame.points = points;
  frame.outliers = article_outliers();
  for (OutlierEntry& entry : frame.outliers) entry.image = nullptr;
  const auto named = [&](const std::string& name) {
    frame.outliers[0].name = name;
    return FrameRenderer(scene).draw(frame);
  };

  // Their ends are read, and they reach neither the axes nor the edge.
  EXPECT_NE(named("#1,796").pixels, named("#1,797").pixels);
  EXPECT_NE(named("flower_17.png").pixels, named("flower_17.jpg").pixels);
  const Picture unnamed = named(""), with_long = named(std::string(300, 'W'));
  for (int y = 0; y < 800; ++y) {
    for (int x = 0; x < 800; ++x) {
      const auto at = static_cast<std::size_t>(800 * y + x);
      if (x >= 625 && x < 799) continue;
      ASSERT_EQ(with_long.pixels[at], unnamed.pixels[at]) << x << ", " << y;
    }
  }
}

TEST(Article, OutliersStandBesideTheAxesInEveryShape) {
  Scene scene = article_scene();
  for (const auto& [width, height] : {std::pair{1280, 720}, {720, 1280}, {640, 700}}) {
    scene.width = width;
    scene.height = height;
    const Picture picture = FrameRenderer(scene).draw({});
    for (int y = 0; y < height * 3 / 4; ++y)
      for (int x = width * 82 / 100; x < width; ++x)
        ASSERT_EQ(picture.pixels[static_cast<std::size_t>(y * width + x)], 0xffffffffU)
            << width << "x" << height << ": " << x << ", " << y;
  }
}

TEST(Article, AWidePictureHasItsLegendBesideTheAxes) {
  Scene scene = article_scene();
  scene.width = 1280;
  scene.height = 720;

  const Picture picture = FrameRenderer(scene).draw({});

  for (int y = 0; y < 720; ++y)
    for (int x = 464; x < 846; ++x)
      ASSERT_NE(picture.pixels[static_cast<std::size_t>(1280 * y + x)], pixel_of(article_colour(0)));
  EXPECT_GT(std::ranges::count(picture.pixels, pixel_of(article_colour(0))), 10);
}

// The pixels of exactly this colour within the axes' right half, where the legend stands.
std::size_t count_in_legend(const Picture& picture, Colour colour) {
  std::size_t count = 0;
  for (int y = picture.height * 12 / 100; y < picture.height * 65 / 100; ++y) {
    for (int x = picture.width / 2; x < picture.width * 78 / 100; ++x)
      count += picture.pixels[static_cast<std::size_t>(y * picture.width + x)] == pixel_of(colour) ? 1 : 0;
  }
  return count;
}

TEST(Article, TheLegendNamesEveryClass) {
  for (const std::size_t classes : {1, 10, 18, 19, 20}) {
    Scene scene;
    scene.layout = Layout::kArticle;
    scene.width = scene.height = 800;
    for (std::size_t i = 0; i < classes; ++i) scene.class_names.push_back("class " + std::to_string(i));

    const Picture picture = FrameRenderer(scene).draw({});

    for (std::size_t i = 0; i < classes; ++i) {
      const Colour colour =
          classes <= kNumArticleColours ? article_colour(i) : class_mark(i, Theme::kLight).colour;
      EXPECT_GT(count_in_legend(picture, colour), 10u) << i << " of " << classes;
    }
  }
}

TEST(Article, AThousandClassesStayWithinTheAxes) {
  Scene scene;
  scene.layout = Layout::kArticle;
  scene.width = scene.height = 800;
  const Picture without = FrameRenderer(scene).draw({});
  scene.class_names.assign(1000, std::string(80, 'W'));

  const Picture with = FrameRenderer(scene).draw({});

  for (int y = 0; y < 800; ++y) {
    for (int x = 0; x < 800; ++x) {
      const bool inside = x >= 196 && x <= 624 && y >= 95 && y <= 525;
      // The title moves for the names of the outliers.
      if (inside || y <= 40) continue;
      const auto at = static_cast<std::size_t>(800 * y + x);
      ASSERT_EQ(with.pixels[at], without.pixels[at]) << x << ", " << y;
    }
  }
}

}  // namespace
}  // namespace zoetrope::render
