// SPDX-License-Identifier: Apache-2.0
// The nearest neighbours that the page holds: of all checkpoints, as many of each image as there is room for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "zoetrope/store/analysis_file.hpp"

namespace zoetrope::review {

struct PackedNeighbours {
  std::vector<std::size_t> frames;  // whose neighbours are kept
  std::size_t count = 0;            // of an image
  std::vector<std::string> codes;   // of each of these frames, as NeighbourCoder makes them
};

// Neighbours that take `room` bytes at most: the nearest of every checkpoint, five at least of those that the
// analysis has and 30 at most; where even so few are too many, those of some checkpoints, evenly spaced, the
// first and the last among them, and `most_frames` of them at most. `points` [T, N, 2] are the page's, of 14
// bits. InputError where a list has an image twice, or the image that it is of.
PackedNeighbours pack_neighbours(const store::Analysis& analysis, const std::vector<std::uint16_t>& points,
                                 std::size_t room,
                                 std::size_t most_frames = std::numeric_limits<std::size_t>::max());

// The images along a Z-shaped curve (Morton 1966) through a checkpoint's points [N, 2].
std::vector<std::int32_t> curve_through(const std::uint16_t* points, std::size_t images);

}  // namespace zoetrope::review
