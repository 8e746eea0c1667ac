// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/frame.hpp"

#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "decode.hpp"
#include "layout.hpp"
#include "palette.hpp"
#include "synthetic.hpp"

namespace zoetrope::render {
namespace {

std::size_t count_pixels(const Picture& picture, std::uint32_t value) {
  return static_cast<std::size_t>(std::count(picture.pixels.begin(), picture.pixels.end(), value));
}

TEST(FrameRenderer, DrawsTheSizeThatWasAskedFor) {
  for (const auto& [width, height] : {std::pair{640, 360}, {401, 403}, {360, 640}}) {
    const auto run =
        synthetic::make_run({.num_points = 100, .num_frames = 2, .width = width, .height = height});

    const Picture picture = FrameRenderer(run.scene).draw(run.frames[1]);

    EXPECT_EQ(picture.width, width);
    EXPECT_EQ(picture.height, height);
    EXPECT_EQ(picture.pixels.size(), static_cast<std::size_t>(width * height));
  }
}

TEST(FrameRenderer, DrawsTheSameFrameTheSameWay) {
  const auto run = synthetic::make_run({.num_points = 500, .num_frames = 3, .width = 640, .height = 360});
  const FrameRenderer renderer(run.scene);

  const Picture first = renderer.draw(run.frames[1]);
  renderer.draw(run.frames[2]);

  EXPECT_EQ(renderer.draw(run.frames[1]).pixels, first.pixels);
  EXPECT_EQ(FrameRenderer(run.scene).draw(run.frames[1]).pixels, first.pixels);
  EXPECT_NE(renderer.draw(run.frames[2]).pixels, first.pixels);
}

TEST(FrameRenderer, ShowsEveryClassInItsColour) {
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    auto run = synthetic::make_run({.num_points = 2000, .num_classes = 20, .num_frames = 2});
    run.scene.theme = theme;

    const Picture picture = FrameRenderer(run.scene).draw(run.frames[1]);

    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_GT(count_pixels(picture, pixel_of(class_mark(i, theme).colour)), 40u) << "class " << i;
    }
  }
}

TEST(FrameRenderer, NamesOutliersThatHaveNoImage) {
  for (const auto& [width, height] : {std::pair{1920, 1080}, {640, 360}, {360, 640}}) {
    auto run = synthetic::make_run({.num_points = 100, .num_frames = 2, .width = width, .height = height});
    run.scene.has_images = false;
    Frame& frame = run.frames[1];
    for (OutlierEntry& entry : frame.outliers) entry.image = nullptr;
    const FrameRenderer renderer(run.scene);
    const Picture unnamed = renderer.draw(frame);
    frame.outliers[0].name = "a.wav";
    const Picture named = renderer.draw(frame);
    frame.outliers[0].name = "b.wav";

    EXPECT_NE(named.pixels, unnamed.pixels);
    EXPECT_NE(renderer.draw(frame).pixels, named.pixels);
  }
}

TEST(FrameRenderer, SaysNoEpochThatNobodyKnows) {
  auto run = synthetic::make_run({.num_points = 100, .num_frames = 2, .width = 640, .height = 360});
  run.scene.has_epochs = false;
  run.scene.loss.clear();
  run.scene.accuracy.clear();
  run.scene.learning_rate.clear();
  Frame& frame = run.frames[1];
  frame.epoch = 7;
  const FrameRenderer renderer(run.scene);
  const Picture picture = renderer.draw(frame);
  frame.epoch = 8;

  EXPECT_EQ(renderer.draw(frame).pixels, picture.pixels);
}

TEST(FrameRenderer, DrawsNothingOutsideTheBoxes) {
  auto run = synthetic::make_run({.num_points = 300, .num_frames = 2, .width = 1080, .height = 1080});
  for (std::string& name : run.scene.class_names) name = std::string(300, 'W');
  run.scene.title = std::string(300, 'M');
  run.scene.subtitle = std::string(300, 'Q');

  const Picture picture = FrameRenderer(run.scene).draw(run.frames[1]);

  // The margin of the page stays empty.
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const bool margin = x < 30 || y < 30 || x >= picture.width - 30 || y >= picture.height - 30;
      if (!margin) continue;
      ASSERT_EQ(picture.pixels[static_cast<std::size_t>(y * picture.width + x)], 0xffffffffu)
          << x << "," << y;
    }
  }
}

TEST(FrameRenderer, ShowsTheCurveOnlyUpToTheFramesStep) {
  const auto run = synthetic::make_run({.num_points = 10, .num_frames = 11, .num_outliers = 0});
  const FrameRenderer renderer(run.scene);
  const auto ink = [&](std::size_t t) {
    return count_pixels(renderer.draw(run.frames[t]), pixel_of(theme_colours(Theme::kLight).loss));
  };

  EXPECT_EQ(ink(0), 0u);
  EXPECT_GT(ink(1), 0u);
  EXPECT_GT(ink(5), ink(2));
  EXPECT_GT(ink(10), ink(5));
}

TEST(FrameRenderer, CurvesOfLessThanAnEpochAreCountedInSteps) {
  auto run = synthetic::make_run({.num_points = 10, .num_frames = 2, .num_outliers = 0});
  run.scene.last_epoch = 0.096;
  const auto draw_with_last_step = [&](std::int64_t step) {
    run.scene.last_step = step;
    return FrameRenderer(run.scene).draw(run.frames[1]).pixels;
  };

  EXPECT_NE(draw_with_last_step(90), draw_with_last_step(0));
  run.scene.last_epoch = 3;
  EXPECT_EQ(draw_with_last_step(90), draw_with_last_step(0));
}

TEST(FrameRenderer, ALogOfAMillionLinesLooksLikeAShortOne) {
  auto run = synthetic::make_run({.num_points = 10, .num_frames = 2, .num_outliers = 0});
  Frame frame = run.frames[0];
  frame.step = 500'000;
  frame.epoch = 1.5;
  const auto with_log = [&](std::int64_t every) {
    run.scene.loss.clear();
    for (std::int64_t step = 0; step <= 1'000'000; step += every) {
      const double progress = static_cast<double>(step) / 1e6;
      run.scene.loss.push_back({3 * progress, step, 2 - progress});
    }
    return FrameRenderer(run.scene).draw(frame);
  };

  const Picture long_log = with_log(1);
  const Picture short_log = with_log(500'000);

  EXPECT_LT(testing_tools::mean_error(long_log, short_log), 0.01);
}

TEST(FrameRenderer, ShowsNamesAsTextWhateverTheyHold) {
  auto run =
      synthetic::make_run({.num_points = 50, .num_classes = 8, .num_frames = 2, .width = 960, .height = 540});
  run.scene.class_names = {"<b>bold</b>",     "&amp;",      "",           "a\nb\tc",
                           "\xff\xfe broken", "手書き数字", "حذاء رياضي", std::string(100'000, 'x')};
  run.scene.title = "<span size='900000'>huge</span> & <unclosed";

  const Picture as_text = FrameRenderer(run.scene).draw(run.frames[1]);
  run.scene.title = "huge & ";
  const Picture as_markup = FrameRenderer(run.scene).draw(run.frames[1]);

  EXPECT_NE(as_text.pixels, as_markup.pixels);
}

TEST(FrameRenderer, OfTwoRowsInOnePlaceTheWordsOfOneAtMostAreSeen) {
  auto run = synthetic::make_run({.num_points = 50, .num_frames = 2, .width = 960, .height = 540});
  const FrameRenderer renderer(run.scene);
  Frame frame = run.frames[1];
  const auto with_score = [&](double score, double opacity) {
    frame.outliers.front().score = score;
    frame.outliers.front().opacity = opacity;
    return renderer.draw(frame).pixels;
  };

  EXPECT_EQ(with_score(0.25, 0.5), with_score(0.75, 0.5));  // whose other half comes or goes
  EXPECT_NE(with_score(0.25, 0.6), with_score(0.75, 0.6));
  EXPECT_NE(with_score(0.25, 0.5), with_score(0.25, 0.4));  // its picture is there
}

TEST(FrameRenderer, DrawsRunsWithoutPointsClassesOutliersOrCurves) {
  for (const std::size_t num_points : {0, 1, 7}) {
    auto run = synthetic::make_run({.num_points = num_points,
                                    .num_classes = 1,
                                    .num_frames = 1,
                                    .num_outliers = 0,
                                    .width = 640,
                                    .height = 360});
    run.scene.class_names.clear();
    run.scene.loss.clear();
    run.scene.accuracy.clear();
    run.scene.learning_rate.clear();
    run.scene.last_epoch = 0;

    EXPECT_NO_THROW(FrameRenderer(run.scene).draw(run.frames[0]));
  }
}

TEST(FrameRenderer, SurvivesAFrameThatContradictsItsScene) {
  auto run = synthetic::make_run({.num_points = 20, .num_frames = 1, .width = 640, .height = 360});
  Frame frame = run.frames[0];
  frame.outliers[0].index = 1'000'000;
  frame.outliers[1].index = -3;
  frame.outliers[2].label = 99;
  frame.outliers[3].image =
      std::make_shared<support::Image>(support::Image{28, 28, 1, std::vector<std::uint8_t>(5)});
  frame.outliers[4].image = {};
  frame.points = frame.points.first(7);

  EXPECT_NO_THROW(FrameRenderer(run.scene).draw(frame));
}

TEST(FrameRenderer, RefusesASizeThatCannotBeLaidOut) {
  auto run = synthetic::make_run({.num_points = 2, .num_frames = 1, .width = 100, .height = 100});

  EXPECT_THROW(FrameRenderer(run.scene), UsageError);
}

}  // namespace
}  // namespace zoetrope::render
