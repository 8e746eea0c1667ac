// SPDX-License-Identifier: Apache-2.0
#include "page_content.hpp"

#include <algorithm>
#include <filesystem>

#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/trace.hpp"

#include "analysis_ahead.hpp"

namespace zoetrope::pipeline {

namespace {

constexpr int kLargestSide = 48;  // pixels of an image on the page

data::Image repeat_grey(const data::Image& grey) {
  data::Image rgb{grey.height, grey.width, 3, {}};
  for (const std::uint8_t value : grey.pixels) rgb.pixels.insert(rgb.pixels.end(), 3, value);
  return rgb;
}

// The test images, and behind them training images, if any: all in one size: as they are where they are small
// and alike, else made smaller. Grey ones stay so where all are.
review::Images images_for_page(const data::Dataset& tests, const data::Dataset* training,
                               const std::atomic<bool>* is_given_up = nullptr) {
  const trace::Span span("images of the page");
  std::vector<data::Image> list;
  review::Images images;
  if (!tests.has_images()) return images;
  const std::int64_t count = tests.size() + (training == nullptr ? 0 : training->size());
  for (std::int64_t i = 0; i < count; ++i) {
    support::stop_point();
    if (is_given_up != nullptr && *is_given_up) return {};
    data::Image image = i < tests.size() ? tests.image(i) : training->image(i - tests.size());
    if (i == 0) {
      images.height = std::min(image.height, kLargestSide);
      images.width = std::min(image.width, kLargestSide);
    }
    if (image.height != images.height || image.width != images.width)
      image = preprocess::resize(image, static_cast<int>(images.height), static_cast<int>(images.width),
                                 preprocess::Resample::kBilinear);
    images.channels = std::max<std::int64_t>(images.channels, image.channels);
    list.push_back(std::move(image));
  }
  for (data::Image& image : list) {
    if (image.channels != images.channels) image = repeat_grey(image);
    images.pixels.insert(images.pixels.end(), image.pixels.begin(), image.pixels.end());
    image = {};
  }
  return images;
}

// Takes the last `count` away.
review::Images take_last(review::Images& images, std::int64_t count) {
  if (images.pixels.empty() || count == 0) return {};
  const auto first = images.pixels.end() - images.height * images.width * images.channels * count;
  review::Images last{images.height, images.width, images.channels, {first, images.pixels.end()}};
  images.pixels.erase(first, images.pixels.end());
  return last;
}

// Bytes that are no UTF-8, as a file's name may hold, become U+FFFD: viewers refuse the whole table
// otherwise.
std::string valid_text(const std::string& name) {
  const auto replace = support::Json::error_handler_t::replace;
  return support::Json::parse(support::Json(name).dump(-1, ' ', false, replace)).get<std::string>();
}

// Empty where the images have none.
std::vector<std::string> names_of(const data::Dataset& dataset) {
  std::vector<std::string> names;
  bool any = false;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    names.push_back(valid_text(dataset.image_name(i)));
    any = any || !names.back().empty();
  }
  return any ? names : std::vector<std::string>{};
}

// What the run is called, also of "runs/first/" and ".".
std::string name_of(const std::filesystem::path& run) {
  const auto path = std::filesystem::absolute(run).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace

PageImages::PageImages(const data::Dataset& tests, const data::Dataset* training)
    : images_(std::async(std::launch::async, [this, &tests, training] {
        trace::name_thread("zt-thumbnails");
        go_behind_others();
        const support::Interruptible until_asked;
        return images_for_page(tests, training, &is_given_up_);
      })) {}

PageImages::~PageImages() {
  is_given_up_ = true;
}

void begin_page_images(Session& session) {
  constexpr std::int64_t kMostBytes = std::int64_t{512} << 20,
                         kBytesOfImage = std::int64_t{3} * kLargestSide * kLargestSide;
  const data::Dataset* const training = session.shows_training() ? &session.train_sample() : nullptr;
  const std::int64_t count = session.test().size() + (training == nullptr ? 0 : training->size());
  if (count > kMostBytes / kBytesOfImage) return;
  session.keep_page_images(std::make_shared<PageImages>(session.test(), training));
}

review::Review review_of(Session& session, store::Analysis analysis) {
  review::Review page;
  page.title = name_of(session.run().root);
  page.analysis = std::move(analysis);
  const bool is_of_others =
      page.analysis.num_training() > 0 && session.train_sample().index() != page.analysis.train_index;
  if (is_of_others)
    throw InputError(
        session.run().analysis().string() +
        ": is of other training images than --train-sample and --seed give; run zoetrope analyze");
  page.log = session.loss_log();
  const data::Dataset* training = session.shows_training() ? &session.train_sample() : nullptr;
  const auto begun = session.take_page_images();
  page.images = begun ? begun->take() : images_for_page(session.test(), training);
  page.image_names = names_of(session.test());
  if (training != nullptr) {
    page.train_images = take_last(page.images, training->size());
    page.train_names = names_of(*training);
  }
  if (const std::string& file = session.options().review.columns; !file.empty())
    page.columns =
        review::read_columns(file, static_cast<std::size_t>(session.test().size()), page.image_names);
  return page;
}

}  // namespace zoetrope::pipeline
