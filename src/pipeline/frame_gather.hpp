// SPDX-License-Identifier: Apache-2.0
// How what is computed of frames travels from the ranks that have it to rank 0.
#pragma once

#include <vector>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::pipeline {

// The frames of all ranks, in rank order, on rank 0; elsewhere none. All are of `num_images` images, and with
// a classifier or all without. Collective.
std::vector<analysis::FrameAnalysis> gather_frames(const std::vector<analysis::FrameAnalysis>& mine,
                                                   std::size_t num_images, bool has_classifier,
                                                   comm::Communicator& communicator);

}  // namespace zoetrope::pipeline
