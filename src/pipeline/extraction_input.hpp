// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "zoetrope/embed/extract.hpp"
#include "zoetrope/pipeline/session.hpp"

namespace zoetrope::pipeline {

// What the extraction of a split's images takes, but for on_stage. Collective.
embed::ExtractionInput extraction_input(Session& session, store::EmbeddedSplit split);

// Those that are embedded beside a training: the test images, and training images where they are shown.
std::vector<store::EmbeddedSplit> splits_of(const Session& session);

}  // namespace zoetrope::pipeline
