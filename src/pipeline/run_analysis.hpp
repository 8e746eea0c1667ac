// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/store/analysis_file.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

// Over everything that the numbers of a run's analysis depend on.
std::string digest_of_sources(Session& session, const std::vector<CheckpointSource>& sources);

// Everything that is computed from the embeddings of `sources`, dealt to the ranks. Collective; the result is
// on rank 0, elsewhere it is empty. Throws Interrupted on every rank after a signal on any.
store::Analysis analyze_sources(Session& session, const std::vector<CheckpointSource>& sources);

// The run's analysis.h5, which the session then keeps. Throws InputError where it is of other images than
// --data gives.
const store::Analysis& analysis_of_run(Session& session);

}  // namespace zoetrope::pipeline
