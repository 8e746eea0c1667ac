// SPDX-License-Identifier: Apache-2.0
// What is computed of a frame, as two rows of numbers: to be kept in a file, or sent from rank to rank.
#pragma once

#include <cstdint>
#include <vector>

#include "zoetrope/analysis/frame.hpp"

namespace zoetrope::pipeline {

struct PackedFrame {
  std::vector<double> numbers;
  std::vector<std::int64_t> integers;
};

// How long the rows of a frame are: all of a run are of as many images with as many neighbours each, and with
// a classifier or without.
struct PackedShape {
  std::size_t num_images = 0;
  std::size_t num_neighbours = 0;
  bool has_classifier = false;
  std::size_t num_training = 0;        // training images beside them
  std::size_t num_region_classes = 0;  // of the classifier on the plane; 0: there is none

  std::size_t num_numbers() const;
  std::size_t num_integers() const;
};

PackedFrame pack(const analysis::FrameAnalysis& frame);
// The rows are of the shape.
analysis::FrameAnalysis unpack(const PackedFrame& packed, const PackedShape& shape);

}  // namespace zoetrope::pipeline
