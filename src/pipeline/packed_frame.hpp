// SPDX-License-Identifier: Apache-2.0
// What is computed of a frame, as two rows of numbers: to be kept in a file, or sent from rank to rank.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoetrope/analysis/frame.hpp"

namespace zoetrope::pipeline {

struct PackedFrame {
  std::vector<double> numbers;
  std::vector<std::int64_t> integers;
};

// How long the rows of a frame are: all of a run are of as many images with as many neighbours each, and of
// as many classes.
struct PackedShape {
  std::size_t num_images = 0;
  std::size_t num_neighbours = 0;
  std::size_t num_classes = 0;         // of the classifier; 0: there is none
  std::size_t num_training = 0;        // training images beside them
  std::size_t num_region_classes = 0;  // of the classifier on the plane; 0: there is none

  std::size_t num_numbers() const;
  std::size_t num_integers() const;
  bool has_classifier() const { return num_classes > 0; }
};

// InputError, of the frame `of`, where the rows are of another length, or an integer is the index of nothing.
void require_shape(const PackedFrame& packed, const PackedShape& shape, const std::string& of);

PackedFrame pack(const analysis::FrameAnalysis& frame);
// The rows are of the shape.
analysis::FrameAnalysis unpack(const PackedFrame& packed, const PackedShape& shape);

}  // namespace zoetrope::pipeline
