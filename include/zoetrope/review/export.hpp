// SPDX-License-Identifier: Apache-2.0
// A run's analysis in the formats of other viewers.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/review/review.hpp"
#include "zoetrope/store/run_directory.hpp"

namespace zoetrope::review {

// npz, parquet, projector, spotlight
const std::vector<std::string>& export_formats();

// clang-format off
// Writes, in the run directory, and returns
//   npz        review.npz, every array of analysis.h5 by its name, images, embedding_<step>; for numpy.load
//   parquet    review.parquet, a row for each image, a column for each number of each checkpoint
//              (ood_score_<step>, x_<step>, y_<step>, ...), image as {bytes: PNG, path}; pandas, datasets and
//              embedding-atlas read it
//   projector  projector/, TensorBoard's embedding projector with labels and thumbnails, for tensorboard
//              --logdir
//   spotlight  review.spotlight.h5, Renumics Spotlight's typed table, with the article's column names
// clang-format on
// Embeddings are those of the first and the last analysed checkpoint, where their embeddings.h5 is still
// there. UsageError: another format, or one that this program was built without.
std::filesystem::path export_review(const std::string& format, const store::RunDirectory& run,
                                    const Review& review);

}  // namespace zoetrope::review
