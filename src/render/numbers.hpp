// SPDX-License-Identifier: Apache-2.0
// Numbers as short as they can be read.
#pragma once

#include <string>

namespace zoetrope::render {

enum class Notation { kPlain, kPercent, kScientific };

// 0.412, 86.8 %, 5.0e-5.
std::string format_value(double value, Notation notation);
// The same without digits that say nothing: 2, 50%, 5e-5.
std::string format_tick(double value, Notation notation);
// An outlier score, which lies from 0 to 1 and is often tiny: 0.162, 3.1e-5.
std::string format_score(double score);

}  // namespace zoetrope::render
