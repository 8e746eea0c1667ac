// SPDX-License-Identifier: Apache-2.0
// All that is computed of one checkpoint's embeddings alone, and of it and the one before it. N images, D
// dimensions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/classification.hpp"
#include "zoetrope/analysis/known_frame.hpp"
#include "zoetrope/analysis/motion.hpp"
#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/picture_quality.hpp"
#include "zoetrope/analysis/projection.hpp"
#include "zoetrope/analysis/regions.hpp"
#include "zoetrope/analysis/training.hpp"

namespace zoetrope::analysis {

// To the first or the last checkpoint; 1 where nothing has changed since, or will.
struct Likeness {
  double neighbour_preservation = 0;
  double linear_cka = 0;  // quick_linear_cka()
};

// What is not known is NaN; where there is no classifier, its vectors are empty.
struct FrameAnalysis {
  std::vector<double> score;                // [N], cleanlab's outlier scores
  std::vector<double> mean_distance;        // [N], of which they are made
  std::vector<std::int64_t> neighbour;      // [N, k], of the score: see Neighbours::index
  std::vector<std::int64_t> duplicate_set;  // [N], the first image of its near duplicates; -1: it has none
  std::vector<double> points;               // [N, 2], before alignment
  Classification classification;
  std::vector<std::int64_t> label_issue;  // [N], 1 where a label is probably wrong
  double explained_variance_ratio[2] = {0, 0};
  double effective_rank = 0;
  double knn_accuracy = 0;
  double neighbour_recall = 0;  // IndexedSearch::recall; not known of the exact search
  double neighbour_preservation = 0;
  double linear_cka = 0;
  double shape_disparity = 0;
  Likeness to_first, to_last;
  PictureQuality quality;
  // From the checkpoint before; distances are NaN where there is none, or one of another D.
  Displacement displacement;
  TrainingAnalysis training;             // empty where there are no training images
  std::vector<double> plane_classifier;  // [C, 3], before alignment; empty where the classifier is not known
  // How long it took.
  double outlier_seconds = 0;
  double pca_seconds = 0;
};

// A checkpoint to compare with.
struct ComparedFrame {
  at::Tensor rows;  // float32 [N, D]
  Scatter scatter;
  Pca plane;
  Neighbours neighbours;
  at::Tensor training = {};  // float32 [M, D], of training images, where there are any
};

struct FrameInput {
  at::Tensor rows;                      // float32 [N, D]
  at::Tensor logits;                    // float32 [N, num_classes]
  std::size_t num_classes = 0;          // 0: there is no classifier
  std::span<const std::int64_t> label;  // [N]
  std::optional<TrainingImages> training = {};
  std::optional<LinearClassifier> classifier = {};  // that makes the logits of the rows, where it is linear
};

struct FrameOptions {
  std::int64_t num_neighbours = 10;      // of outlier scores, and of all that compares checkpoints
  std::int64_t quality_neighbours = 15;  // of the picture's quality; 0: it is not looked at
  SearchMethod search = SearchMethod::kExact;
  std::optional<Pca> shared = {};       // the projection of all frames; without it PCA is fitted on each,
  std::optional<Plane> plane = {};      // unless its plane is given
  std::optional<Scatter> scatter = {};  // of the rows, where it is known already
  std::optional<Scatter> fitted = {};   // of what PCA is fitted on, where that is not the rows
  TensorDevice device = std::nullopt;   // multiplies matrices
  Team* team = nullptr;                 // of ranks that analyse the same checkpoint, where there are several
  std::int64_t block_rows = 0;          // see nearest_neighbours()
  std::shared_ptr<const KnownFrame> known = {};  // of this checkpoint, by the same options; null: nothing is
};

// The first checkpoint and the last. Null: it is the one that is analysed.
struct Ends {
  const ComparedFrame* first = nullptr;
  const ComparedFrame* last = nullptr;
};

// `before` is compared with, where it is given, and replaced by this checkpoint.
FrameAnalysis analyze_frame(const FrameInput& input, const FrameOptions& options, const Ends& ends,
                            std::optional<ComparedFrame>& before);

// A checkpoint that another is compared with whatever its plane is.
struct EarlierFrame {
  at::Tensor rows;  // float32 [N, D]
  Scatter scatter;
};

// Of the checkpoint of `rows`, float32 [N, D], and, where it is defined, of `training`, float32 [M, D]: with
// it in FrameOptions::known analyze_frame() gives the same, to the bit. `first` and `before`: the run's first
// checkpoint and the one before; null for the first. Of `options` counts how neighbours are searched.
KnownFrame know_frame(const at::Tensor& rows, const at::Tensor& training, const FrameOptions& options,
                      const EarlierFrame* first, const EarlierFrame* before);

// What others are compared with where they are compared with the checkpoint of `rows` and, if any, of
// `training` images.
ComparedFrame compared_frame(const at::Tensor& rows, const FrameOptions& options,
                             const at::Tensor& training = {});

}  // namespace zoetrope::analysis
