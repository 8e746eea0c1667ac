// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "render/overlap.hpp"

namespace zoetrope::render {
namespace {

constexpr double kTouching = 1e-6;

bool inside(const Rect& box, int width, int height) {
  return box.x >= 0 && box.y >= 0 && box.right() <= width && box.bottom() <= height;
}

std::string text_of(const Rect& box) {
  std::ostringstream out;
  out << "(" << box.x << ", " << box.y << ", " << box.w << " x " << box.h << ")";
  return out.str();
}

constexpr std::pair<int, int> kSizes[] = {
    {1920, 1080}, {960, 540},  {1080, 1080}, {1080, 1920}, {3840, 2160}, {640, 360},   {360, 640}, {360, 360},
    {2560, 1080}, {1440, 360}, {360, 1440},  {1200, 1600}, {1001, 797},  {1400, 1080}, {864, 1080}};

// Every combination of what is to be shown, at one size.
class LayoutAt : public testing::TestWithParam<std::pair<int, int>> {
 protected:
  static std::vector<LayoutRequest> requests() {
    const auto [width, height] = GetParam();
    std::vector<LayoutRequest> all;
    for (const std::size_t classes : {0, 1, 2, 10, 20, 57, 1000}) {
      for (const double name_em : {1.0, 6.0, 60.0}) {
        for (const std::size_t outliers : {0, 1, 8, 20}) {
          for (const std::size_t curves : {1, 2, 3}) {
            all.push_back({width, height, curves != 2, classes, name_em, outliers, curves});
          }
        }
      }
    }
    return all;
  }

  static std::string text_of_request(const LayoutRequest& r) {
    return std::to_string(r.num_classes) + " classes, names of " + std::to_string(r.longest_name_em) +
           " em, " + std::to_string(r.num_outliers) + " outliers, " + std::to_string(r.num_curves) +
           " curves";
  }
};

TEST_P(LayoutAt, NothingOverlapsOrIsCut) {
  for (const LayoutRequest& request : requests()) {
    SCOPED_TRACE(text_of_request(request));

    const std::vector<Rect> boxes = lay_out(request).boxes();

    for (std::size_t i = 0; i < boxes.size(); ++i) {
      EXPECT_TRUE(inside(boxes[i], request.width, request.height)) << text_of(boxes[i]);
      for (std::size_t j = 0; j < i; ++j) {
        EXPECT_FALSE(overlap(boxes[i], boxes[j], kTouching))
            << text_of(boxes[i]) << " and " << text_of(boxes[j]);
      }
    }
  }
}

TEST_P(LayoutAt, EverythingHasRoom) {
  for (const LayoutRequest& request : requests()) {
    SCOPED_TRACE(text_of_request(request));

    const FrameLayout layout = lay_out(request);

    // The points are what the picture is about.
    EXPECT_DOUBLE_EQ(layout.scatter.w, layout.scatter.h);
    EXPECT_GE(layout.scatter.w, 0.45 * std::min(request.width, request.height));
    ASSERT_EQ(layout.curves.size(), request.num_curves);
    for (const Rect& curve : layout.curves) {
      EXPECT_GE(curve.w, 7 * layout.body) << text_of(curve);
      EXPECT_GE(curve.h, 5 * layout.body) << text_of(curve);
    }
    for (const Rect& row : layout.rows) {
      EXPECT_GE(row.h, layout.body);
      EXPECT_GE(row.w, 9 * layout.body);
    }
    EXPECT_EQ(layout.rows.empty(), request.num_outliers == 0);
    EXPECT_EQ(layout.legend.size() + layout.classes_without_entry, request.num_classes);
    EXPECT_EQ(layout.legend_rest.empty(), layout.classes_without_entry == 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, LayoutAt, testing::ValuesIn(kSizes), [](const auto& size) {
  return std::to_string(size.param.first) + "x" + std::to_string(size.param.second);
});

TEST(Layout, TenShortNamesAllHaveTheirEntryAtTheUsualSizes) {
  for (const auto& [width, height] : {std::pair{1920, 1080}, {960, 540}, {1080, 1080}, {1080, 1920}}) {
    const FrameLayout layout = lay_out({width, height, true, 10, 5.5, 8, 3});

    EXPECT_EQ(layout.legend.size(), 10u) << width << "x" << height;
    EXPECT_EQ(layout.rows.size(), 8u) << width << "x" << height;
  }
}

TEST(Layout, TenClassesHaveTheirEntryHoweverLongTheNames) {
  for (const auto& [width, height] : {std::pair{1920, 1080}, {960, 540}, {1080, 1080}, {1080, 1920}}) {
    const FrameLayout layout = lay_out({width, height, true, 10, 30, 8, 3});

    EXPECT_EQ(layout.legend.size(), 10u) << width << "x" << height;
    EXPECT_GE(layout.legend_body, 0.8 * layout.body) << width << "x" << height;
  }
}

TEST(Layout, TwentyClassesHaveTheirEntryInFullHd) {
  const FrameLayout layout = lay_out({1920, 1080, true, 20, 30, 8, 3});

  EXPECT_EQ(layout.legend.size(), 20u);
}

TEST(Layout, FewOutliersTakeTheRoomThatThereIs) {
  for (const std::size_t outliers : {1, 3}) {
    const FrameLayout tall = lay_out({1080, 1920, true, 10, 5.5, outliers, 3});

    EXPECT_GT(tall.rows[0].h, 160) << outliers;
    EXPECT_GT(tall.rows[0].w - tall.rows[0].h, 13 * tall.body) << outliers;  // names beside the image
  }
}

TEST(Layout, StatsHaveALineOfTheirOwnWhereTheyWouldBeSqueezed) {
  for (const auto& [width, height] : {std::pair{360, 360}, {400, 430}, {500, 500}}) {
    const FrameLayout layout = lay_out({width, height, true, 10, 5.5, 8, 3});

    EXPECT_EQ(layout.stats_place, StatsPlace::kLine) << width << "x" << height;
    for (const Rect& cell : layout.stats) EXPECT_GT(cell.w, 9 * layout.body);
    EXPECT_GT(layout.title.w, 0.85 * width);
  }
  for (const auto& [width, height] : {std::pair{800, 450}, {640, 360}, {1080, 1080}})
    EXPECT_EQ(lay_out({width, height, true, 10, 5.5, 8, 3}).stats_place, StatsPlace::kBeside);
}

TEST(Layout, AnImpossibleSizeIsRefusedWithTheLimits) {
  for (const auto& [width, height] :
       {std::pair{0, 0}, {-1920, 1080}, {359, 1000}, {1000, 359}, {9000, 9000}, {2000, 400}}) {
    LayoutRequest request;
    request.width = width;
    request.height = height;

    EXPECT_THROW(lay_out(request), UsageError) << width << "x" << height;
  }
}

}  // namespace
}  // namespace zoetrope::render
