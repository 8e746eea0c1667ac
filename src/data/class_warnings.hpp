// SPDX-License-Identifier: Apache-2.0
// What is right as it stands and may yet be meant otherwise: each is warned of once, whichever split is
// opened.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace zoetrope::data {

// Names that a reader cannot tell apart, such as "é" in one character and in two.
void warn_of_lookalikes(const std::vector<std::string>& class_names, const std::string& origin);

// The classes of a split's images; none where they are not known.
struct SplitClasses {
  std::string split;
  std::set<std::string> names;
};

// Classes that one of two splits has and the other has not.
void warn_of_lone_classes(const SplitClasses& split, const SplitClasses& other, const std::string& origin);

}  // namespace zoetrope::data
