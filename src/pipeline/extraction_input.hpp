// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "zoetrope/embed/extract.hpp"
#include "zoetrope/pipeline/session.hpp"

namespace zoetrope::pipeline {

// What the extraction of the test images takes, but for on_stage. Collective.
embed::ExtractionInput extraction_input(Session& session);

}  // namespace zoetrope::pipeline
