// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <future>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/review/review.hpp"

namespace zoetrope::pipeline {

// The page's images, of all test images and, where `training` is not null, of those behind them, decoded in a
// thread of its own that goes behind others. The data sets outlive this.
class PageImages {
 public:
  PageImages(const data::Dataset& tests, const data::Dataset* training);
  ~PageImages();  // gives up what is not done
  PageImages(const PageImages&) = delete;
  PageImages& operator=(const PageImages&) = delete;

  // Waits for them, and throws what decoding has thrown. Once.
  review::Images take() { return images_.get(); }

 private:
  std::atomic<bool> is_given_up_{false};
  std::future<review::Images> images_;
};

// Begins with the images of this rank's page, where they take 512 MiB or less; while they are put together,
// twice as much.
void begin_page_images(Session& session);

// What the review page and the exports show of the run; decodes all test images, and the training
// images that are shown, unless begin_page_images() has.
review::Review review_of(Session& session, store::Analysis analysis);

}  // namespace zoetrope::pipeline
