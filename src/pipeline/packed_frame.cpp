// SPDX-License-Identifier: Apache-2.0
#include "packed_frame.hpp"

#include <algorithm>
#include <array>

#include "zoetrope/support/error.hpp"

namespace zoetrope::pipeline {

using analysis::FrameAnalysis;

namespace {

// One list of the parts, so that packing and unpacking cannot disagree.
template <typename Frame>
auto scalars(Frame& frame) {
  return std::array{&frame.explained_variance_ratio[0],
                    &frame.explained_variance_ratio[1],
                    &frame.classification.accuracy,
                    &frame.classification.loss,
                    &frame.effective_rank,
                    &frame.knn_accuracy,
                    &frame.neighbour_recall,
                    &frame.training.against.recall,
                    &frame.neighbour_preservation,
                    &frame.linear_cka,
                    &frame.shape_disparity,
                    &frame.to_first.neighbour_preservation,
                    &frame.to_first.linear_cka,
                    &frame.to_last.neighbour_preservation,
                    &frame.to_last.linear_cka,
                    &frame.quality.mean_trust,
                    &frame.quality.mean_continuity,
                    &frame.quality.neighbours_shown,
                    &frame.quality.same_label,
                    &frame.displacement.squared_length,
                    &frame.outlier_seconds,
                    &frame.pca_seconds};
}

template <typename Frame>
auto vectors_of_images(Frame& frame) {
  return std::array{&frame.score, &frame.mean_distance, &frame.quality.trust, &frame.quality.continuity,
                    &frame.displacement.distance};
}

template <typename Frame>
auto vectors_of_points(Frame& frame) {  // two numbers an image
  return std::array{&frame.points, &frame.displacement.before_on_plane, &frame.displacement.on_plane_before};
}

template <typename Frame>
auto vectors_of_classifier(Frame& frame) {
  auto& said = frame.classification;
  return std::array{&said.confidence,        &said.self_confidence,
                    &said.normalized_margin, &said.confidence_weighted_entropy,
                    &said.hardness,          &said.mistakenness};
}

template <typename Frame>
auto integers(Frame& frame) {
  return std::array{&frame.duplicate_set, &frame.classification.prediction, &frame.label_issue};
}

// The last two have no values without one.
constexpr std::size_t integers_per_image(bool has_classifier) {
  return has_classifier ? 3 : 1;
}

// Of training images, two numbers each and one.
template <typename Training>
auto training_points(Training& training) {
  return std::array{&training.points, &training.before_on_plane, &training.on_plane_before};
}
template <typename Training>
auto training_vectors(Training& training) {
  return std::array{&training.classification.confidence, &training.classification.self_confidence};
}
// Of the test images, where there are training images.
template <typename Training>
auto against_training(Training& training) {
  return std::array{&training.against.score, &training.against.mean_distance};
}

void append_values(std::vector<double>& row, const double* values, Eigen::Index count) {
  row.insert(row.end(), values, values + count);
}

}  // namespace

std::size_t PackedShape::num_numbers() const {
  const FrameAnalysis any;
  const std::size_t per_image = vectors_of_images(any).size() + 2 * vectors_of_points(any).size() +
                                (has_classifier() ? vectors_of_classifier(any).size() : 0);
  const auto of_matrices =
      static_cast<std::size_t>(any.displacement.products.size() + any.displacement.cosines.size());
  const std::size_t of_training =
      num_training * (2 * training_points(any.training).size() +
                      (has_classifier() ? training_vectors(any.training).size() : 0)) +
      (num_training > 0 ? num_images * against_training(any.training).size() : 0);
  return scalars(any).size() + of_matrices + num_images * per_image + of_training + 3 * num_region_classes;
}

std::size_t PackedShape::num_integers() const {
  return (integers_per_image(has_classifier()) + num_neighbours + (num_training > 0 ? 1 : 0)) * num_images +
         (has_classifier() ? num_training : 0);
}

void require_shape(const PackedFrame& packed, const PackedShape& shape, const std::string& of) {
  bool fits = packed.numbers.size() == shape.num_numbers() && packed.integers.size() == shape.num_integers();
  auto row = packed.integers.begin();
  const auto require = [&](std::size_t count, std::int64_t least, std::size_t limit) {
    if (!fits) return;
    const auto end = row + static_cast<std::ptrdiff_t>(count);
    fits = std::all_of(row, end, [&](std::int64_t index) {
      return index >= least && index < static_cast<std::int64_t>(limit);
    });
    row = end;
  };
  const std::size_t images = shape.num_images, training = shape.num_training, classes = shape.num_classes;
  require(images * shape.num_neighbours, 0, images);
  require(images, -1, images);  // the sets of near duplicates
  require(shape.has_classifier() ? images : 0, 0, classes);
  require(shape.has_classifier() ? images : 0, 0, 2);  // whether the label is an issue
  require(training > 0 ? images : 0, -1, training);
  require(shape.has_classifier() ? training : 0, 0, classes);
  if (!fits)
    throw InputError(of + ": holds other numbers than those of " + std::to_string(images) + " images");
}

PackedFrame pack(const FrameAnalysis& frame) {
  PackedFrame packed;
  std::vector<double>& row = packed.numbers;
  for (const double* scalar : scalars(frame)) row.push_back(*scalar);
  append_values(row, frame.displacement.products.data(), frame.displacement.products.size());
  append_values(row, frame.displacement.cosines.data(), frame.displacement.cosines.size());
  for (const auto* part : vectors_of_images(frame)) row.insert(row.end(), part->begin(), part->end());
  for (const auto* part : vectors_of_points(frame)) row.insert(row.end(), part->begin(), part->end());
  for (const auto* part : vectors_of_classifier(frame)) row.insert(row.end(), part->begin(), part->end());
  const analysis::TrainingAnalysis& training = frame.training;
  for (const auto* part : training_points(training)) row.insert(row.end(), part->begin(), part->end());
  for (const auto* part : training_vectors(training)) row.insert(row.end(), part->begin(), part->end());
  for (const auto* part : against_training(training)) row.insert(row.end(), part->begin(), part->end());
  row.insert(row.end(), frame.plane_classifier.begin(), frame.plane_classifier.end());
  packed.integers = frame.neighbour;
  for (const auto* part : integers(frame))
    packed.integers.insert(packed.integers.end(), part->begin(), part->end());
  for (const auto* part : {&training.against.leak, &training.classification.prediction})
    packed.integers.insert(packed.integers.end(), part->begin(), part->end());
  return packed;
}

FrameAnalysis unpack(const PackedFrame& packed, const PackedShape& shape) {
  FrameAnalysis frame;
  const double* row = packed.numbers.data();
  const auto take = [&](std::vector<double>& part, std::size_t count) {
    part.assign(row, row + count);
    row += count;
  };
  const auto take_matrix = [&](auto& matrix) {
    std::copy_n(row, matrix.size(), matrix.data());
    row += matrix.size();
  };
  for (double* scalar : scalars(frame)) *scalar = *row++;
  take_matrix(frame.displacement.products);
  take_matrix(frame.displacement.cosines);
  for (auto* part : vectors_of_images(frame)) take(*part, shape.num_images);
  for (auto* part : vectors_of_points(frame)) take(*part, 2 * shape.num_images);
  for (auto* part : vectors_of_classifier(frame)) take(*part, shape.has_classifier() ? shape.num_images : 0);
  analysis::TrainingAnalysis& training = frame.training;
  for (auto* part : training_points(training)) take(*part, 2 * shape.num_training);
  for (auto* part : training_vectors(training)) take(*part, shape.has_classifier() ? shape.num_training : 0);
  for (auto* part : against_training(training)) take(*part, shape.num_training > 0 ? shape.num_images : 0);
  take(frame.plane_classifier, 3 * shape.num_region_classes);
  auto parts = integers(frame);
  const std::int64_t* whole = packed.integers.data();
  frame.neighbour.assign(whole, whole + shape.num_images * shape.num_neighbours);
  whole += frame.neighbour.size();
  for (std::size_t i = 0; i < integers_per_image(shape.has_classifier()); ++i, whole += shape.num_images)
    parts[i]->assign(whole, whole + shape.num_images);
  if (shape.num_training == 0) return frame;
  training.against.leak.assign(whole, whole + shape.num_images);
  whole += shape.num_images;
  if (shape.has_classifier()) training.classification.prediction.assign(whole, whole + shape.num_training);
  return frame;
}

}  // namespace zoetrope::pipeline
