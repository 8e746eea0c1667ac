// SPDX-License-Identifier: Apache-2.0
// Small embeddings and analyses whose every value is known from its place.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::store {

inline EmbeddingsIdentity sample_identity(std::int64_t rows, std::int64_t columns) {
  return {.step = 40,
          .epoch = 1.0 / 3.0,
          .model_digest = "m1",
          .dataset_digest = "d1",
          .feature = "cls",
          .dtype = "float32",
          .num_rows = rows,
          .num_columns = columns};
}

// Rows [first, last): column c of row r is r + c / 1024, exact in float32.
inline std::vector<float> sample_rows(std::int64_t first, std::int64_t last, std::int64_t columns) {
  std::vector<float> values;
  for (std::int64_t row = first; row < last; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      values.push_back(static_cast<float>(row) + static_cast<float>(column) / 1024.0F);
    }
  }
  return values;
}

inline std::vector<double> sample_doubles(std::size_t count, double start) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(start + 1.0 / static_cast<double>(i + 3));
  return values;
}

inline Analysis sample_analysis(std::size_t frames, std::size_t images, std::size_t outliers) {
  Analysis a;
  for (std::size_t t = 0; t < frames; ++t) {
    a.step.push_back(static_cast<std::int64_t>(20 * t));
    for (std::size_t k = 0; k < outliers; ++k)
      a.outlier.push_back(static_cast<std::int64_t>((t + k) % images));
  }
  for (std::size_t i = 0; i < images; ++i) a.label.push_back(static_cast<std::int64_t>(i % 3));
  a.epoch = sample_doubles(frames, 0);
  a.loss = sample_doubles(frames, 1);
  if (frames > 0) a.loss[0] = std::numeric_limits<double>::quiet_NaN();
  a.class_names = {"T-shirt/top", "<script>\"it's\"</script>", "Größe 大きさ حجم"};
  a.ood_score = sample_doubles(frames * images, 2);
  a.pca = sample_doubles(frames * images * 2, 3);
  a.explained_variance_ratio = sample_doubles(frames * 2, 4);
  a.aligned = sample_doubles(frames * images * 2, 5);
  a.disparity = sample_doubles(frames, 6);
  for (std::size_t t = 0; t < frames; ++t) a.embeddings_digest.push_back(std::to_string(t) + "e");
  a.curves["accuracy"] = sample_doubles(frames, 7);
  a.curves["knn_accuracy"] = sample_doubles(frames, 8);
  a.source_digest = "s1";
  return a;
}

// With `count` training images beside its images, and a classifier.
inline Analysis with_training(Analysis a, std::size_t count) {
  const std::size_t of_training = a.num_frames() * count, of_tests = a.num_frames() * a.num_images();
  for (std::size_t i = 0; i < count; ++i) {
    a.train_index.push_back(static_cast<std::int64_t>(3 * i));
    a.train_label.push_back(static_cast<std::int64_t>(i % 3));
  }
  a.prediction.assign(of_tests, 2);
  a.confidence = sample_doubles(of_tests, 9);
  a.self_confidence = sample_doubles(of_tests, 10);
  a.before_on_plane.assign(2 * of_tests, 0.75F);
  a.on_plane_before.assign(2 * of_tests, 1.5F);
  a.train_pca = sample_doubles(2 * of_training, 11);
  a.train_aligned = sample_doubles(2 * of_training, 12);
  a.train_prediction.assign(of_training, 1);
  a.train_confidence = sample_doubles(of_training, 13);
  a.train_self_confidence = sample_doubles(of_training, 14);
  a.train_before_on_plane.assign(2 * of_training, 0.5F);
  a.train_on_plane_before.assign(2 * of_training, 0.25F);
  a.ood_vs_train = sample_doubles(of_tests, 15);
  a.mean_distance_to_train.assign(of_tests, 0.125F);
  a.leak.assign(of_tests, -1);
  a.leak.front() = static_cast<std::int64_t>(count) - 1;
  return a;
}

}  // namespace zoetrope::store
