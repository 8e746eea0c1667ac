// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "zoetrope/pipeline/session.hpp"

namespace zoetrope::pipeline {

// What a person wants to know at the end, in lines: where the results are, accuracy, speed, the slowest
// stage. Rank 0 also writes it as RUN/summary.json. Collective; the lines are rank 0's.
std::vector<std::string> summarize(Session& session, double total_seconds);

}  // namespace zoetrope::pipeline
