// SPDX-License-Identifier: Apache-2.0
#include "frame_gather.hpp"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>

namespace zoetrope::pipeline {

using analysis::FrameAnalysis;

namespace {

// One list of the parts, so that packing and unpacking cannot disagree.
template <typename Frame>
auto scalars(Frame& frame) {
  return std::array{&frame.explained_variance_ratio[0],
                    &frame.explained_variance_ratio[1],
                    &frame.accuracy,
                    &frame.test_loss,
                    &frame.effective_rank,
                    &frame.knn_accuracy,
                    &frame.neighbour_preservation,
                    &frame.linear_cka,
                    &frame.shape_disparity,
                    &frame.quality.mean_trust,
                    &frame.quality.mean_continuity,
                    &frame.quality.neighbours_shown,
                    &frame.quality.same_label,
                    &frame.step.squared_length,
                    &frame.outlier_seconds,
                    &frame.pca_seconds};
}

template <typename Frame>
auto vectors_of_images(Frame& frame) {
  return std::array{&frame.score, &frame.mean_distance, &frame.quality.trust, &frame.quality.continuity,
                    &frame.step.distance};
}

template <typename Frame>
auto vectors_of_points(Frame& frame) {  // two numbers an image
  return std::array{&frame.points, &frame.step.before_on_plane, &frame.step.on_plane_before};
}

template <typename Frame>
auto vectors_of_classifier(Frame& frame) {
  return std::array{&frame.confidence, &frame.self_confidence};
}

template <typename Frame>
auto integers(Frame& frame) {
  return std::array{&frame.duplicate_set, &frame.prediction, &frame.label_issue};
}

// The last two have no values without one.
constexpr std::int64_t integers_per_image(bool has_classifier) {
  return has_classifier ? 3 : 1;
}

void pack(const FrameAnalysis& frame, double* row) {
  for (const double* scalar : scalars(frame)) *row++ = *scalar;
  row = std::copy_n(frame.step.products.data(), frame.step.products.size(), row);
  row = std::copy_n(frame.step.cosines.data(), frame.step.cosines.size(), row);
  for (const auto* part : vectors_of_images(frame)) row = std::copy(part->begin(), part->end(), row);
  for (const auto* part : vectors_of_points(frame)) row = std::copy(part->begin(), part->end(), row);
  for (const auto* part : vectors_of_classifier(frame)) row = std::copy(part->begin(), part->end(), row);
}

void pack(const FrameAnalysis& frame, std::int64_t* row) {
  for (const auto* part : integers(frame)) row = std::copy(part->begin(), part->end(), row);
}

void unpack(const std::int64_t* row, std::size_t num_images, bool has_classifier, FrameAnalysis& frame) {
  auto parts = integers(frame);
  for (std::int64_t i = 0; i < integers_per_image(has_classifier); ++i, row += num_images)
    parts[static_cast<std::size_t>(i)]->assign(row, row + num_images);
}

FrameAnalysis unpack(const double* row, std::size_t num_images, bool has_classifier) {
  FrameAnalysis frame;
  const auto take = [&](std::vector<double>& part, std::size_t count) {
    part.assign(row, row + count);
    row += count;
  };
  for (double* scalar : scalars(frame)) *scalar = *row++;
  const auto take_matrix = [&](auto& matrix) {
    std::copy_n(row, matrix.size(), matrix.data());
    row += matrix.size();
  };
  take_matrix(frame.step.products);
  take_matrix(frame.step.cosines);
  for (auto* part : vectors_of_images(frame)) take(*part, num_images);
  for (auto* part : vectors_of_points(frame)) take(*part, 2 * num_images);
  for (auto* part : vectors_of_classifier(frame)) take(*part, has_classifier ? num_images : 0);
  return frame;
}

}  // namespace

std::vector<FrameAnalysis> gather_frames(const std::vector<FrameAnalysis>& mine, std::size_t num_images,
                                         bool has_classifier, comm::Communicator& communicator) {
  const auto count = static_cast<std::int64_t>(mine.size());
  FrameAnalysis any;
  const std::size_t per_image =
      vectors_of_images(any).size() + 2 * vectors_of_points(any).size() + (has_classifier ? 2 : 0);
  const auto of_matrices = static_cast<std::size_t>(any.step.products.size() + any.step.cosines.size());
  const auto width = static_cast<std::int64_t>(scalars(any).size() + of_matrices + num_images * per_image);
  const std::int64_t num_integers =
      integers_per_image(has_classifier) * static_cast<std::int64_t>(num_images);
  const at::Tensor numbers = at::empty({count, width}, at::TensorOptions().dtype(at::kDouble));
  const at::Tensor whole = at::empty({count, num_integers}, at::TensorOptions().dtype(at::kLong));
  for (std::int64_t i = 0; i < count; ++i) {
    const FrameAnalysis& frame = mine[static_cast<std::size_t>(i)];
    pack(frame, numbers.mutable_data_ptr<double>() + i * width);
    pack(frame, whole.mutable_data_ptr<std::int64_t>() + i * num_integers);
  }
  const at::Tensor all_numbers = communicator.gather(numbers, 0);
  const at::Tensor all_whole = communicator.gather(whole, 0);
  std::vector<FrameAnalysis> frames;
  if (communicator.rank() != 0) return frames;
  for (std::int64_t i = 0; i < all_numbers.size(0); ++i) {
    frames.push_back(unpack(all_numbers.const_data_ptr<double>() + i * width, num_images, has_classifier));
    unpack(all_whole.const_data_ptr<std::int64_t>() + i * num_integers, num_images, has_classifier,
           frames.back());
  }
  return frames;
}

}  // namespace zoetrope::pipeline
