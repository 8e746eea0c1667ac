// SPDX-License-Identifier: Apache-2.0
// A made-up run that looks like one: classes that are one cloud at first and come apart, a few images that do
// not belong, wrong labels, predictions that are forgotten.
#pragma once

#include <cstdint>

#include "zoetrope/review/review.hpp"

namespace zoetrope::review {

struct SampleOptions {
  std::int64_t images = 60;
  std::int64_t frames = 4;
  std::int64_t classes = 10;
  std::int64_t side = 28;
  std::int64_t channels = 1;
  double epochs = 3;          // that the last checkpoint has trained
  std::int64_t unlogged = 0;  // of the last checkpoints, those of whose steps there is no line in the log
  std::int64_t lines = 0;     // of the log; 0: one for each checkpoint but the first
  std::int64_t alike = 0;     // so many of the first classes stay where the first one is
  // Training images: the first test images once more, a little to the right of where these are; the last two
  // of them are leaks, into the test images 0 and 1.
  std::int64_t training = 0;
  bool predictions = true;
  bool scattered = false;      // neighbours are any images, others at each checkpoint
  bool regions = false;        // those of the nearest class centre
  bool given = false;          // without pictures and epochs, but with names, as embeddings that were given
  bool hostile_names = false;  // markup, quotes, line breaks and many scripts in all names
};

Review make_sample(const SampleOptions& options);

}  // namespace zoetrope::review
