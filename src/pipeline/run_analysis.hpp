// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/store/analysis_file.hpp"

#include "checkpoint_source.hpp"
#include "frame_keeper.hpp"

namespace zoetrope::pipeline {

// What a stop costs.
inline constexpr const char* kFramesAreKept =
    "the frames that are analysed are kept; run the same command again to go on";

// Everything that is computed from the embeddings of `sources`, dealt to the ranks. Collective; the result is
// on rank 0, elsewhere it is empty. Throws Interrupted on every rank after a signal on any.
// What is done of it is kept where `keep` says, until remove_parts().
store::Analysis analyze_sources(Session& session, const std::vector<CheckpointSource>& sources, Keep keep);

// analyze() where the command line asks for another analysis, and where analysis.h5 shows a checkpoint that
// has been deleted, lacks one that is embedded, or was made from other embeddings than there are now, which a
// warning says; else pictures are of the run's own. Collective.
void analyze_where_needed(Session& session);

// For a run whose analysis.h5 is there. Of rank 0.
void remove_parts(const store::RunDirectory& run);

}  // namespace zoetrope::pipeline
