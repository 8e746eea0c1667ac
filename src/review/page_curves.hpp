// SPDX-License-Identifier: Apache-2.0
// What was measured over time, as the page draws it.
#pragma once

#include <nlohmann/json.hpp>

#include "zoetrope/review/review.hpp"

namespace zoetrope::review {

// [{name, epochs, values}]: the log's curves, of which a long one is thinned, and those of the analysis.
nlohmann::json curves_of(const Review& review);

}  // namespace zoetrope::review
