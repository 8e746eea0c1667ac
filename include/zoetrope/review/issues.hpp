// SPDX-License-Identifier: Apache-2.0
// issues.csv: the images of a run that deserve a look.
#pragma once

#include <filesystem>

#include "zoetrope/review/review.hpp"

namespace zoetrope::review {

// Writes one line for each image that at the last checkpoint probably has a wrong label, has near duplicates
// (among training images, too, where some are shown) or is among the outliers shown, or that was never
// classified rightly; those whose label the model believes least come first, without a classifier the most
// atypical. The columns are in docs/formats.md. UsageError when names do not fit the analysis.
void write_issues(const std::filesystem::path& path, const Review& review);

}  // namespace zoetrope::review
