// SPDX-License-Identifier: Apache-2.0
// YAML as JSON: what a data set's card is written in.
#pragma once

#include <string>
#include <string_view>

#include "zoetrope/support/json.hpp"

namespace zoetrope::data {

// Texts and numbers become strings, true and its kin booleans, an empty value null. Throws InputError naming
// `origin` and the line; it refuses what is nested deeper than 64 and more than 100,000 values, those counted
// again that an alias repeats.
support::Json parse_yaml(std::string_view text, const std::string& origin);

}  // namespace zoetrope::data
