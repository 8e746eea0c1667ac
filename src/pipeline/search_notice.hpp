// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "zoetrope/pipeline/session.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

// Says in a line what a person may not expect of the search for neighbours: that an exact one of many images
// will take so long, and that there are quicker ones; or that too few images for an index are searched
// exactly. Of rank 0, before the analysis.
void tell_of_search(Session& session, const std::vector<CheckpointSource>& sources);

}  // namespace zoetrope::pipeline
