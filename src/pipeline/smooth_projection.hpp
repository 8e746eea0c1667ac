// SPDX-License-Identifier: Apache-2.0
// --projection smooth: what analysis::smooth_planes needs of all checkpoints, from the ranks that read them.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "zoetrope/analysis/smooth_planes.hpp"
#include "zoetrope/pipeline/session.hpp"

namespace zoetrope::pipeline {

using ScatterOfFrame = std::function<analysis::Scatter(std::size_t frame)>;

// The planes of all frames, on every rank; the same bits whatever the number of ranks. Each frame's scatter
// is asked for twice, on one rank. Collective. InputError where a frame has another number of columns;
// Interrupted on every rank after a signal on any.
std::vector<analysis::Plane> smooth_projection(Session& session, std::size_t num_frames,
                                               Eigen::Index num_columns, const ScatterOfFrame& scatter_of);

}  // namespace zoetrope::pipeline
