// SPDX-License-Identifier: Apache-2.0
#include "missing_fonts.hpp"

#include <gmock/gmock.h>

#include "zoetrope/support/log.hpp"

namespace zoetrope::pipeline {
namespace {

using testing::HasSubstr;

std::string warned(const render::Scene& scene, const std::vector<render::Frame>& frames) {
  support::set_up_logging("warning", 0, 1, "host");
  testing::internal::CaptureStderr();
  warn_of_missing_fonts(scene, frames);
  return testing::internal::GetCapturedStderr();
}

// Of a private use area, which no font of a distribution has.
TEST(MissingFonts, AreWarnedOfInOneLine) {
  render::Scene scene;
  scene.class_names = {"cat", "a\U0010f121\U0010f122", "b\U0010f121\U0010f123\U0010f124\U0010f125"};
  std::vector<render::Frame> frames(1);
  frames[0].outliers.resize(1);
  EXPECT_THAT(warned(scene, frames), HasSubstr("no font has \U0010f121, \U0010f122, \U0010f123, \U0010f124, "
                                               "\U0010f125: install fonts-noto-core (or another font"));

  frames[0].outliers[0].name = "\U0010f126.png";
  EXPECT_THAT(warned(scene, frames), HasSubstr("\U0010f125, ...: install"));
}

TEST(MissingFonts, OfWhatNoPictureShowsAreNotMissed) {
  render::Scene scene;
  scene.title = "\U0010f121";
  EXPECT_NE(warned(scene, {}), "");
  scene.layout = render::Layout::kPlot;
  EXPECT_EQ(warned(scene, {}), "");
  scene.layout = render::Layout::kArticle;
  EXPECT_EQ(warned(scene, {}), "");
  scene.has_given_title = true;
  EXPECT_NE(warned(scene, {}), "");
}

}  // namespace
}  // namespace zoetrope::pipeline
