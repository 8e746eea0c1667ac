// SPDX-License-Identifier: Apache-2.0
// What an analysis is of: whether one that is there already is that of today.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/store/analysis_file.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

// Changes when the same embeddings would give other numbers.
inline constexpr const char* kMethod = "13";

// Over everything that the numbers of a run's analysis depend on.
std::string digest_of_sources(Session& session, const std::vector<CheckpointSource>& sources);

// Over everything that the numbers of one frame depend on: the embeddings, those that they are compared with,
// and the numbers of the projections that are given to them.
std::string digest_of_frame(Session& session, const CheckpointSource& source,
                            std::span<const CheckpointSource* const> compared,
                            std::span<const double> projection);

// Over everything that the numbers of analysis::know_frame() depend on. `first` and `before`: the checkpoints
// that the frame is compared with; null for the first.
std::string digest_to_know(const analysis::FrameOptions& options, const CheckpointSource& source,
                           const CheckpointSource* first, const CheckpointSource* before);

// The run's analysis.h5, which the session then keeps. Throws InputError where it is of other images than
// --data gives.
const store::Analysis& analysis_of_run(Session& session);

}  // namespace zoetrope::pipeline
