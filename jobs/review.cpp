// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/review/review.hpp"

#include <algorithm>
#include <thread>

#include "zoetrope/review/export.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"

#include "analysis_of_run.hpp"
#include "jobs.hpp"

namespace zoetrope::jobs {

namespace {

constexpr int kLargestSide = 48;  // pixels of an image on the page
constexpr int kRefreshSeconds = 5;

data::Image repeat_grey(const data::Image& grey) {
  data::Image rgb{grey.height, grey.width, 3, {}};
  for (const std::uint8_t value : grey.pixels) rgb.pixels.insert(rgb.pixels.end(), 3, value);
  return rgb;
}

// All images in one size: as they are where they are small and alike, else made smaller. Grey ones stay so
// where all are.
review::Images images_for_page(const data::Dataset& dataset) {
  std::vector<data::Image> list;
  review::Images images;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    data::Image image = dataset.image(i);
    if (i == 0) {
      images.height = std::min(image.height, kLargestSide);
      images.width = std::min(image.width, kLargestSide);
    }
    if (image.height != images.height || image.width != images.width)
      image = data::resize(image, static_cast<int>(images.height), static_cast<int>(images.width),
                           data::Resample::kBilinear);
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

review::Review review_of(Context& context, store::Analysis analysis) {
  review::Review page;
  page.title = name_of(context.run().root);
  page.analysis = std::move(analysis);
  page.log = context.loss_log();
  page.images = images_for_page(*context.test().dataset);
  page.image_names = names_of(*context.test().dataset);
  return page;
}

// Checkpoints whose embeddings are whole, of these images.
std::vector<std::int64_t> embedded_steps(Context& context) {
  std::vector<std::int64_t> steps;
  for (const std::int64_t step : context.run().checkpoint_steps()) {
    try {
      if (store::read_identity(context.run().checkpoint(step)).dataset_digest ==
          context.test().dataset->digest())
        steps.push_back(step);
    } catch (const InputError&) {
      // Not embedded yet.
    }
  }
  return steps;
}

// Writes the page when there are other checkpoints than it shows.
void refresh(Context& context, std::optional<review::Review>& page) {
  const auto steps = embedded_steps(context);
  if (steps.empty() || (page && page->analysis.step == steps)) return;
  auto analysis = analyze_steps(context, steps);
  if (!page) page = review_of(context, {});
  page->analysis = std::move(analysis);
  page->log = context.loss_log();
  review::write_page(context.run().review(), *page, {kRefreshSeconds});
  support::log_info("the page shows " + std::to_string(steps.size()) + " checkpoints, the last of step " +
                    std::to_string(steps.back()));
}

}  // namespace

void review(Context& context) {
  if (context.options().live) return review_live(context);
  const Stopwatch watch;
  context.set_stage("writing the review page");
  if (context.is_root()) {
    const review::Review page = review_of(context, analysis_of_run(context));
    review::write_page(context.run().review(), page);
    for (const std::string& format : context.options().exports())
      support::log_info("wrote " + review::export_review(format, context.run(), page).string());
  }
  context.communicator().barrier();
  context.add_stage({"review", watch.seconds(), 1, "pages"});
}

// Only reads what the run writes, and writes nothing but the page, so that it can go on beside it.
void review_live(Context& context) {
  if (context.world().size() > 1)
    throw UsageError("zoetrope review --live works alone: start it without mpirun");
  std::optional<review::Review> page;
  support::log_info("watching " + context.run().root.string() + "; open " + context.run().review().string() +
                    "; Ctrl-C ends");
  while (support::received_signal() == 0) {
    try {
      refresh(context, page);
    } catch (const Interrupted&) {
      break;  // the page stays as it is
    }
    for (int tenth = 0; tenth < 10 * kRefreshSeconds && support::received_signal() == 0; ++tenth)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  if (page) review::write_page(context.run().review(), *page);  // the last one stands still
}

}  // namespace zoetrope::jobs
