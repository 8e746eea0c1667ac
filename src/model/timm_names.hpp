// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace zoetrope::model {

// What transformers calls a tensor of timm's plain ViT: one name, or three for the packed query, key and
// value, a third of whose rows each of them is. None of a name that is no such tensor's.
std::vector<std::string> names_of_timm(const std::string& name);

}  // namespace zoetrope::model
