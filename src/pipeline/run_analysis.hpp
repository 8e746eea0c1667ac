// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/store/analysis_file.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

// What a stop costs.
inline constexpr const char* kNothingIsKept =
    "of the analysis nothing is kept; run the same command again to do it";

// Everything that is computed from the embeddings of `sources`, dealt to the ranks. Collective; the result is
// on rank 0, elsewhere it is empty. Throws Interrupted on every rank after a signal on any.
store::Analysis analyze_sources(Session& session, const std::vector<CheckpointSource>& sources);

}  // namespace zoetrope::pipeline
