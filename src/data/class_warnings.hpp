// SPDX-License-Identifier: Apache-2.0
// What is right as it stands and may yet be meant otherwise: each is warned of once, whichever split is
// opened.
#pragma once

#include <string>
#include <vector>

#include "split_names.hpp"

namespace zoetrope::data {

void warn_once(const std::string& text);

// Names that a reader cannot tell apart, such as "é" in one character and in two.
void warn_of_lookalikes(const std::vector<std::string>& class_names, const std::string& origin);

// Classes, as folders, that one of two splits has and the other has not.
void warn_of_lone_classes(const SplitFiles& split, const SplitFiles& other, const std::string& origin);

}  // namespace zoetrope::data
