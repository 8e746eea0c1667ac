// SPDX-License-Identifier: Apache-2.0
// model.safetensors.index.json: which shard holds which tensor.
#pragma once

#include <map>
#include <string>

#include "zoetrope/support/json.hpp"

namespace zoetrope::model {

// From the tensor's name to its shard's file name, which is a name within the same folder. Throws InputError
// naming `origin`.
std::map<std::string, std::string> parse_weight_index(const support::Json& json, const std::string& origin);

}  // namespace zoetrope::model
