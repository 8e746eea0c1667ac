// SPDX-License-Identifier: Apache-2.0
// The page as a file; page_test.py and controls_test.py open it in a browser.
#include <algorithm>
#include <cmath>
#include <ranges>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "zoetrope/render/class_colours.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "review/sample_run.hpp"

namespace zoetrope::review {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string page_of(const Review& review, const PageOptions& options = {}) {
  // Tests run side by side in one folder.
  const std::string path =
      std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + ".html";
  write_page(path, review, options);
  return support::read_file(path);
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t start = text.find(before) + before.size();
  return text.substr(start, text.find(after, start) - start);
}

nlohmann::json meta_of(const std::string& page) {
  return nlohmann::json::parse(between(page, R"(<script type="application/json" id="meta">)", "</script>"));
}

TEST(PageFile, HoldsEverythingAndNamesNoNetwork) {
  const std::string page = page_of(make_sample({}));

  for (const char* id : {"meta", "arrays", "sheet-0", "tabulator"})
    EXPECT_THAT(page, HasSubstr("id=\"" + std::string(id) + "\">"));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("\nimport ")));
  EXPECT_THAT(page, Not(HasSubstr("\nexport ")));
}

// A browser runs nothing else, and lets nothing in or out.
TEST(PageFile, ItsPolicyAllowsItsOwnScriptAlone) {
  const std::string page = page_of(make_sample({}));

  const std::string policy = between(page, R"(<meta http-equiv="Content-Security-Policy" content=")", "\"");
  EXPECT_THAT(policy, ::testing::StartsWith("default-src 'none'; script-src 'sha256-"));
  for (const char* unwanted : {"http", "*", "script-src 'unsafe-inline'", "unsafe-eval"})
    EXPECT_THAT(policy, Not(HasSubstr(unwanted)));
  EXPECT_LT(page.find("Content-Security-Policy"), page.find("<script"));
  EXPECT_LT(page.find("Content-Security-Policy"), page.find("<style"));
}

TEST(PageFile, ClassesHaveTheAnimationsColoursInBothThemes) {
  const nlohmann::json colours = meta_of(page_of(make_sample({}))).at("classColours");

  for (const auto& [theme, all] :
       {std::pair{"light", render::kClassColoursOnLight}, {"dark", render::kClassColoursOnDark}}) {
    ASSERT_EQ(colours.at(theme).size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      EXPECT_EQ(std::stoul(colours.at(theme).at(i).get<std::string>().substr(1), nullptr, 16), all[i]);
  }
}

TEST(PageFile, KeepsHostileNamesAsData) {
  const Review review = make_sample({.images = 40, .hostile_names = true});

  const std::string page = page_of(review);

  const nlohmann::json meta = meta_of(page);
  EXPECT_EQ(meta.at("classNames").get<std::vector<std::string>>(), review.analysis.class_names);
  EXPECT_EQ(meta.at("names").get<std::vector<std::string>>(), review.image_names);
  EXPECT_THAT(page, Not(HasSubstr("<script>window.hacked")));
  EXPECT_THAT(page, HasSubstr("<title>&lt;i>run&lt;/i> &amp; \"run\"</title>"));
}

TEST(PageFile, ReplacesBytesThatAreNoText) {
  Review review = make_sample({.images = 3});
  review.image_names = {"fine", "bro\xff\xfeken", "\xed\xa0\x80"};

  EXPECT_THAT(meta_of(page_of(review)).at("names").at(1).get<std::string>(), HasSubstr("bro"));
}

TEST(PageFile, HoldsRunsOfEverySize) {
  for (const std::int64_t images : {0, 1, 7, 101}) {
    for (const std::int64_t frames : {0, 1, 3}) {
      const nlohmann::json meta = meta_of(page_of(make_sample({.images = images, .frames = frames})));
      EXPECT_EQ(meta.at("size"), images);
      EXPECT_EQ(meta.at("steps").size(), static_cast<std::size_t>(frames));
    }
  }
}

// The line of `name` at `moment`, as the page says it: the last value until then.
double value_at(const nlohmann::json& curve, double moment) {
  double value = std::nan("");
  for (std::size_t k = 0; k < curve.at("values").size() && curve.at("epochs").at(k) <= moment; ++k)
    if (curve.at("values").at(k).is_number()) value = curve.at("values").at(k);
  return value;
}

TEST(PageFile, ThinsALongLogAndKeepsWhatIsReadOffIt) {
  Review review = make_sample({.images = 3, .frames = 4});
  const auto loss_at = [](std::size_t k) { return k % 1000 == 7 ? std::nan("") : std::sin(0.37 * k) + 2; };
  review.log.clear();
  for (std::size_t k = 0; k < 200'000; ++k)
    review.log.push_back({.step = static_cast<std::int64_t>(k), .epoch = 3e-5 * k, .loss = loss_at(k)});
  review.log[123'456].loss = 40;
  review.log[65'432].loss = -1;

  const std::string page = page_of(review);

  const nlohmann::json curve = meta_of(page).at("curves").at(0), values = curve.at("values");
  EXPECT_EQ(curve.at("name"), "training loss");
  EXPECT_LE(values.size(), 3010U);
  EXPECT_EQ(values.size(), curve.at("epochs").size());
  EXPECT_LT(page.size(), page_of(make_sample({.images = 3, .frames = 4})).size() + 300'000);
  EXPECT_EQ(values.front(), review.log.front().loss);
  EXPECT_EQ(values.back(), review.log.back().loss);
  EXPECT_THAT(values, ::testing::Contains(40.0));
  EXPECT_THAT(values, ::testing::Contains(-1.0));
  for (const double moment : review.analysis.epoch) {
    const auto until = [moment](const auto& record) { return record.epoch <= moment + 1e-9; };
    const auto last = std::ranges::find_if(review.log | std::views::reverse, [&](const auto& record) {
      return until(record) && std::isfinite(record.loss);
    });
    EXPECT_EQ(value_at(curve, moment + 1e-9), last->loss);
  }
}

TEST(PageFile, ShowsLargeImagesSmaller) {
  const nlohmann::json images =
      meta_of(page_of(make_sample({.images = 5, .side = 200, .channels = 3}))).at("images");

  EXPECT_EQ(images.at("width"), 64);
  EXPECT_EQ(images.at("sheets"), 1);
}

TEST(PageFile, SpreadsManyImagesOverSheets) {
  const nlohmann::json images =
      meta_of(page_of(make_sample({.images = 17000, .frames = 1, .side = 32}))).at("images");

  EXPECT_EQ(images.at("columns").get<int>() * images.at("rows").get<int>(), 128 * 128);
  EXPECT_EQ(images.at("sheets"), 2);
}

TEST(PageFile, RefusesImagesOfAnotherRun) {
  Review review = make_sample({.images = 10});
  review.images.pixels.pop_back();
  EXPECT_THROW(write_page("page.html", review), UsageError);

  review = make_sample({.images = 10});
  review.image_names = {"one"};
  EXPECT_THROW(write_page("page.html", review), UsageError);
}

TEST(PageFile, HasNoPicturesWhereThereAreNone) {
  Review review = make_sample({.images = 10});
  review.images = {};

  EXPECT_EQ(meta_of(page_of(review)).at("images").at("sheets"), 0);
}

}  // namespace
}  // namespace zoetrope::review
