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
// A multiple of something usual: 1.3×, 17×.
std::string format_multiple(double times);

}  // namespace zoetrope::render
