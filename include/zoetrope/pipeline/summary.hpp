// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "zoetrope/pipeline/session.hpp"

namespace zoetrope::pipeline {

// What a person wants to know at the end, as a few lines: where the results are, accuracy, speed, the slowest
// stage. Rank 0 also writes it as RUN/summary.json. Collective; the text is rank 0's.
std::string summarize(Session& session, double total_seconds);

}  // namespace zoetrope::pipeline
