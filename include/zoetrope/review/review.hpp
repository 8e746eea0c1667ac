// SPDX-License-Identifier: Apache-2.0
// The review page: one HTML file, opened from disk without a network, in which a person looks through a run.
// T frames, N test images, C classes, as in store::Analysis.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/review/columns.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/loss_log.hpp"

namespace zoetrope::review {

// The test images, all of one size: pixels[((i * height + y) * width + x) * channels + c]. No pixels: no
// pictures.
struct Images {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;  // 1 grey, 3 RGB
  std::vector<std::uint8_t> pixels;
};

// What is shown, and what the exports write.
struct Review {
  std::string title;  // the page's, usually the run directory's name
  store::Analysis analysis;
  std::vector<store::LossRecord> log;
  Images images;
  std::vector<std::string> image_names;  // [N], file names; empty where images have none
  std::vector<OwnColumn> columns;        // of the page
  // Of the training images that the analysis shows; of the page. Pictures are as large as the test images'.
  Images train_images;
  std::vector<std::string> train_names;  // [M], or empty
};

struct PageOptions {
  int refresh_seconds = 0;  // > 0: how often the page looks whether it was written anew, while a run goes on
  // Images from which on the page asks before it opens them, since the browser's tab stands still meanwhile.
  std::int64_t asks_from = 500'000;
};

// Writes the page atomically: for 10,000 images of 32 x 32 and 50 checkpoints at most 12 MB, with as many
// neighbours of each as there is room for. Names are shown as text whatever is in them. UsageError when the
// images do not fit the analysis.
void write_page(const std::filesystem::path& path, const Review& review, const PageOptions& options = {});

// How often an image that was classified rightly at one checkpoint was classified wrongly at the next [N]; -1
// where it never was right. After Toneva et al., "An Empirical Study of Example Forgetting during Deep Neural
// Network Learning" (ICLR 2019), counted at checkpoints and not at mini-batches. `prediction` is [T, N].
std::vector<std::int64_t> forgetting_events(const std::vector<std::int64_t>& label,
                                            const std::vector<std::int64_t>& prediction);

// The place of each value in ascending order, from 1; ties by index. Of outlier scores: 1 is most atypical.
// Of self-confidence: 1 is the likeliest label issue, as cleanlab.rank orders by label quality score
// "self_confidence". A value that is not a number comes last.
std::vector<std::int64_t> ascending_ranks(const double* values, std::size_t count);

// [N], by the last checkpoint's self-confidence: 1 is the label that it believes least. Empty where no
// predictions were kept.
std::vector<std::int64_t> label_issue_ranks(const store::Analysis& analysis);

}  // namespace zoetrope::review
