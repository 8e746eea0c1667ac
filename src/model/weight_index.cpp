// SPDX-License-Identifier: Apache-2.0
#include "weight_index.hpp"

#include "zoetrope/support/error.hpp"

namespace zoetrope::model {

std::map<std::string, std::string> parse_weight_index(const support::Json& json, const std::string& origin) {
  const auto map = support::json_get<std::map<std::string, std::string>>(json, "weight_map", origin);
  if (map.empty()) throw InputError(origin + ": \"weight_map\" names no tensor");
  for (const auto& [tensor, file] : map) {
    // A shard elsewhere on the disk would be a way to have any file read.
    if (file.find('/') != std::string::npos || file.starts_with('.') || !file.ends_with(".safetensors"))
      throw InputError(origin + ": tensor \"" + tensor + "\" is said to be in \"" + file +
                       "\", which is not the name of a .safetensors file in the same folder");
  }
  return map;
}

}  // namespace zoetrope::model
