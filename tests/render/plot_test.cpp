// SPDX-License-Identifier: Apache-2.0
// --layout plot.
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/render/tween.hpp"
#include "zoetrope/support/error.hpp"

#include "synthetic.hpp"

namespace zoetrope::render {
namespace {

synthetic::Run plot_run(int width, int height) {
  auto run = synthetic::make_run({.num_points = 500, .num_frames = 3, .width = width, .height = height});
  run.scene.layout = Layout::kPlot;
  return run;
}

TEST(Plot, ShowsEveryClassAtAnySize) {
  for (const auto& [width, height] :
       {std::pair{800, 860}, {360, 360}, {400, 430}, {1440, 360}, {360, 1440}}) {
    auto run = plot_run(width, height);
    const FrameRenderer renderer(run.scene);
    Frame& frame = run.frames[2];
    const Picture whole = renderer.draw(frame);

    ASSERT_EQ(whole.pixels.size(), static_cast<std::size_t>(width * height));
    for (std::int64_t c = 0; c < 10; ++c) {
      std::vector<double> others(frame.points.begin(), frame.points.end());
      for (std::size_t i = 0; i < run.scene.label.size(); ++i)
        if (run.scene.label[i] == c) others[2 * i] = std::numeric_limits<double>::quiet_NaN();
      Frame without = frame;
      without.points = others;
      EXPECT_NE(renderer.draw(without).pixels, whole.pixels) << width << "x" << height << ": class " << c;
    }
  }
}

TEST(Plot, SaysTheStepAndTheAccuracyAndNothingElse) {
  auto run = plot_run(400, 430);
  const auto drawn = [&](std::size_t t) { return FrameRenderer(run.scene).draw(run.frames[t]).pixels; };
  const auto as_it_is = drawn(1);

  run.scene.title = "another";
  run.scene.subtitle = "another";
  run.scene.loss.clear();
  run.frames[1].outliers.clear();
  run.frames[1].trust = 0.5;
  EXPECT_EQ(drawn(1), as_it_is);
  run.frames[1].step += 1;
  EXPECT_NE(drawn(1), as_it_is);
  run.frames[1].step -= 1;
  run.scene.accuracy[1].value -= 0.1;
  EXPECT_NE(drawn(1), as_it_is);
  run.scene.accuracy.clear();
  EXPECT_NE(drawn(1), as_it_is);
}

TEST(Plot, DrawsWhatIsBetweenCheckpoints) {
  const auto run = plot_run(400, 430);
  const Frame between = animation_frame(run.frames, {.tween = 3}, 6);

  const Picture picture = FrameRenderer(run.scene).draw(between);

  EXPECT_NE(picture.pixels, FrameRenderer(run.scene).draw(run.frames[1]).pixels);
  EXPECT_NE(picture.pixels, FrameRenderer(run.scene).draw(run.frames[2]).pixels);
}

TEST(Plot, RefusesASizeThatCannotBeLaidOut) {
  EXPECT_THROW(FrameRenderer(plot_run(100, 100).scene), UsageError);
}

}  // namespace
}  // namespace zoetrope::render
